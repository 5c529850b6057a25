import { Command as Commander, CommanderError } from "commander";
import { exitCodes, UsageError, type Command, type Input, type Terminal } from "./command.js";
import { reportOf } from "./problems.js";

/** Runs one command line. Resolves with the exit code; writes help and usage errors itself. */
export async function runProgram(
  commands: readonly Command[],
  version: string,
  words: readonly string[],
  terminal: Terminal,
): Promise<number> {
  let result: Promise<number> | undefined;
  const program = new Commander("hermod")
    .description("A self-hosted, end-to-end encrypted messenger: server, SDK and command line in one program.")
    .version(version)
    .showSuggestionAfterError(true)
    .showHelpAfterError("(hermod --help shows all commands)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        terminal.say(text.trimEnd());
      },
      writeErr: (text) => {
        terminal.note(text.trimEnd());
      },
    });
  for (const command of commands)
    add(program, command, (input) => {
      result = command.run(input, terminal);
    });
  try {
    await program.parseAsync(words, { from: "user" });
    return (await result) ?? exitCodes.usage;
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.note(`error: ${error.message}`);
      return exitCodes.usage;
    }
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const { sentence, exitCode } = reportOf(error);
    terminal.note(`error: ${sentence}`);
    return exitCode;
  }
}

function add(program: Commander, command: Command, run: (input: Input) => void): void {
  const names = command.name.split(" ");
  let parent = program;
  for (const group of names.slice(0, -1)) {
    parent =
      parent.commands.find((known) => known.name() === group) ?? copySettings(program, parent.command(group).description(`${group} …`));
  }
  const child = copySettings(program, parent.command(names.at(-1)!)).description(command.summary);
  for (const { name, doc, optional, rest } of command.takes ?? [])
    child.argument(`${optional ? "[" : "<"}${name}${rest ? "..." : ""}${optional ? "]" : ">"}`, doc);
  for (const { flags, doc, usual, many } of command.options ?? []) {
    if (many) child.option(flags, doc, (value: string, before: string[] | undefined) => [...(before ?? []), value]);
    else child.option(flags, doc, usual);
  }
  child.addHelpText("after", `\nExamples:\n${command.examples.map((line) => `  ${line}`).join("\n")}`);
  child.action((...given: unknown[]) => {
    const args: Record<string, string | undefined> = {};
    (command.takes ?? []).forEach(({ name }, index) => {
      const value = given[index];
      args[name] = Array.isArray(value) ? (value.length === 0 ? undefined : value.join(" ")) : (value as string | undefined);
    });
    run({ args, options: child.opts() });
  });
}

function copySettings(from: Commander, to: Commander): Commander {
  return to.copyInheritedSettings(from);
}
