import { idBytes, regionOf, type AccountId, type ConversationId } from "../../lib/ids.js";
import { limits } from "../../lib/limits.js";
import { hermod } from "../../protos/gen/hermod.js";
import { domains } from "../../protos/signed/hash.js";
import { compareIds, directIdOf, selfIdOf } from "../../protos/signed/ids.js";
import { writeSigned } from "../../protos/signed/signed.js";
import { Overlay } from "../cipher/overlay.js";
import type { ClientContext, VerifiedList } from "../context.js";
import { HermodError } from "../errors.js";
import type { Rosters } from "./rosters.js";

/** Makes direct and self conversations: their ids follow from their members, so there is only ever one, whoever was first. */
export class Creation {
  readonly #context: ClientContext;
  readonly #rosters: Rosters;
  readonly #running = new Map<ConversationId, Promise<void>>();

  constructor(context: ClientContext, rosters: Rosters) {
    this.#context = context;
    this.#rosters = rosters;
  }

  /** The conversation with an account, or with oneself. Nothing is asked when it is known already. */
  async open(peer: AccountId): Promise<ConversationId> {
    const own = this.#context.self.account;
    const chat = peer === own ? selfIdOf(own) : directIdOf(own, peer);
    if (this.#rosters.newest(chat) !== undefined) return chat;
    let run = this.#running.get(chat);
    if (run === undefined) {
      run = this.#create(chat, peer === own ? [own] : [own, peer]).finally(() => this.#running.delete(chat));
      this.#running.set(chat, run);
    }
    await run;
    return chat;
  }

  async #create(chat: ConversationId, accounts: readonly AccountId[]): Promise<void> {
    let heads = await this.#context.chains.ensureHead(accounts);
    for (const account of accounts) this.#context.chains.assertUsable(account);
    for (let attempt = 1; ; attempt++) {
      try {
        const genesis = this.#genesis(chat, accounts, heads);
        await this.#context.connection.request({ createChat: { genesis } });
        break;
      } catch (error) {
        const stale = error instanceof HermodError && error.code === "list-stale";
        if (!stale || attempt >= limits.createChatTriesMax) throw error;
        this.#context.chains.accept(error.problem?.chains ?? []);
        heads = await this.#context.chains.ensureHead(accounts);
      }
    }
    // Ours or the winner's of a race: what counts is what the log holds, verified like anybody's.
    const verdict = await this.#rosters.catchUp(chat);
    if (verdict.error !== undefined) throw new HermodError(verdict.error, { message: verdict.detail });
  }

  #genesis(chat: ConversationId, accounts: readonly AccountId[], heads: ReadonlyMap<AccountId, VerifiedList>): Uint8Array {
    const members = [...accounts].sort(compareIds).map((account) => {
      const head = heads.get(account);
      if (head === undefined) throw new HermodError("not-found", { message: `no device list of ${account}` });
      return { account: idBytes(account), role: hermod.v1.Role.ROLE_MEMBER, listVersion: head.version, listHash: head.listHash };
    });
    const body = hermod.v1.Genesis.encode({
      format: 1,
      type: accounts.length === 1 ? "self" : "direct",
      region: regionOf(chat),
      creator: idBytes(this.#context.self.account),
      creatorDevice: idBytes(this.#context.self.device),
      members,
      timeMs: BigInt(Math.trunc(this.#context.clock.now())),
    }).finish();
    const overlay = new Overlay(this.#context.store.cipherRows);
    const signature = this.#context.cipher.sign(overlay, domains.genesis, body);
    return writeSigned({ body, by: [{ signer: this.#context.self.device, signature }] });
  }
}
