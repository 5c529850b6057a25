import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

// What the simulator controls must not reach for the world by itself: time and randomness arrive inside messages.
const worldly = [
  {
    selector: "MemberExpression[object.name='Date'][property.name='now']",
    message: "Time arrives in messages; lib/clock.ts is its only source.",
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: "Time arrives in messages; lib/clock.ts is its only source.",
  },
  {
    selector: "CallExpression[callee.name=/^(setTimeout|setInterval|setImmediate|queueMicrotask)$/]",
    message: "A timer is an effect that the shell carries out.",
  },
  { selector: "MemberExpression[object.name='performance']", message: "Time arrives in messages; lib/clock.ts is its only source." },
  {
    selector: "MemberExpression[object.name='process'][property.name=/^(hrtime|nextTick)$/]",
    message: "Time arrives in messages; lib/clock.ts is its only source.",
  },
];
const random = [
  { selector: "MemberExpression[object.name='Math'][property.name='random']", message: "lib/random.ts is the only source of randomness." },
  {
    selector: "CallExpression[callee.property.name=/^(randomUUID|randomBytes|randomInt|getRandomValues)$/]",
    message: "lib/random.ts is the only source of randomness.",
  },
  {
    selector: "CallExpression[callee.name=/^(randomUUID|randomBytes|randomInt|randomFillSync)$/]",
    message: "lib/random.ts is the only source of randomness.",
  },
];
const environment = [
  { selector: "MemberExpression[object.name='process'][property.name='env']", message: "Only bin/config.ts reads the environment." },
];
const waiting = [
  { selector: "AwaitExpression", message: "Behaviours never wait; the answer comes back as a message." },
  { selector: ":function[async=true]", message: "Behaviours never wait; the answer comes back as a message." },
];
const restrict = (...rules) => ({ "no-restricted-syntax": ["error", ...rules.flat()] });

export default tseslint.config(
  { ignores: ["dist/", "coverage/", "protos/gen/", "node_modules/", "**/*.d.ts", "packages/", "deploy/"] },
  eslint.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [...tseslint.configs.recommendedTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: "./tsconfig.test.json", tsconfigRootDir: import.meta.dirname } },
    rules: {
      "max-lines": ["error", { max: 400 }],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
      "eqeqeq": "error",
      "no-console": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/return-await": ["error", "error-handling-correctness-only"],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      // With noUncheckedIndexedAccess, code that walks bytes cannot do without.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // A port's memory adapter answers at once and must still return a promise.
      "@typescript-eslint/require-await": "off",
      // `type` and `interface`, `T[]` and `readonly T[]`: which reads better is the writer's call.
      "@typescript-eslint/consistent-type-definitions": "off",
      "@typescript-eslint/no-empty-function": "off",
      "@typescript-eslint/prefer-nullish-coalescing": "off",
      "@typescript-eslint/class-literal-property-style": "off",
      ...restrict(random, environment),
    },
  },
  { files: ["lib/random.ts"], rules: restrict(environment) },
  {
    // The pure parts: the behaviours, the rules that client and server share, and lib itself.
    files: ["actors/**/*.ts", "protos/**/*.ts", "lib/**/*.ts", "gateway/session.ts", "storage/memory/**/*.ts"],
    ignores: ["actors/runtime/**", "lib/clock.ts", "lib/random.ts"],
    rules: restrict(worldly, random, environment),
  },
  {
    files: ["actors/**/*.ts"],
    ignores: ["actors/runtime/**"],
    rules: restrict(worldly, random, environment, waiting),
  },
  { files: ["bin/config.ts"], rules: restrict(random) },
  // What a person reads in a terminal.
  { files: ["app/**/*.{ts,tsx}", "bin/**/*.ts", "console/**/*.{ts,tsx}"], rules: { "no-console": "off" } },
  {
    files: ["test/**/*.ts", "vitest.config.ts"],
    rules: {
      "max-lines-per-function": "off",
      "no-console": "off",
      "no-restricted-syntax": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/unbound-method": "off",
    },
  },
  {
    files: ["**/*.{mjs,js,cjs}"],
    languageOptions: {
      globals: Object.fromEntries(["process", "console", "URL", "setTimeout", "Buffer"].map((name) => [name, "readonly"])),
    },
    rules: { "max-lines": ["error", { max: 400 }] },
  },
  {
    // Half a module: the generator puts protobufjs' code below it.
    files: ["scripts/lib/protos-prelude.js"],
    languageOptions: { globals: { DataView: "readonly" } },
    rules: { "no-unused-vars": "off" },
  },
);
