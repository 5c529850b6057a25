/**
 * Every bound of the system with its reason. Those named in `configurableLimits` may be changed by the configuration (`limits.<name>`);
 * the rest belong to the format. Units are in the names. `docs/limits.md` is checked against this table.
 */
const defaults = {
  // frames and entries (protocol.md)
  /** A WebSocket message. Larger ones are refused by the socket before they are buffered. */
  frameBytesMax: 256 * 1024,
  /** An entry with all its bodies, so that a bucket stays ≤ 64 MiB. */
  entryBytesMax: 128 * 1024,
  /** Devices named by one envelope: 1,024 members × 8 devices. */
  bodiesMax: 8_192,
  /** Nesting of a protobuf message that is read at all. */
  protobufDepthMax: 16,
  pageBytesMax: 64 * 1024,
  fetchEntriesMax: 256,
  syncChatsMax: 2_000,
  exceptRangesMax: 16,
  accountsPerRequestMax: 128,
  bundlesPerAnswerMax: 100,
  handleCharactersMax: 31,
  restBodyBytesMax: 256 * 1024,

  // conversation
  batchEntriesMax: 64,
  batchBytesMax: 256 * 1024,
  /** Sequences of a bucket, one partition. A power of two: bucket = (sequence − 1) >> bucketBits. */
  bucketBits: 9,
  /** Sends that wait behind the batch in flight; more are answered `overloaded`. */
  conversationWaitingMax: 1_024,
  conversationWaitingBytesMax: 8 * 1024 * 1024,
  /** First answers kept per device; an older retry gets `stored-earlier`. */
  recentSendsPerDevice: 64,
  snapshotEveryAppends: 256,
  snapshotEveryMs: 12 * 3_600_000,
  membersMax: 1_024,
  retentionMs: 30 * 86_400_000,
  trimAfterMs: 24 * 3_600_000,
  trimEveryMs: 3_600_000,
  redeliverMinMs: 1_000,
  redeliverMaxMs: 10_000,
  receiptCoalesceMs: 1_000,
  /** Entries of a conversation that some device has not accepted yet; above it sends are answered `overloaded`. */
  openEntriesMax: 8_192,
  /** Bodies of such entries held for the next try; those above it are read from the log again. */
  openBytesMax: 4 * 1024 * 1024,
  /** Oldest open deliveries of one device that one redelivery repeats: a device's window. */
  redeliverEntries: 64,
  /** Probes and fences that one activation tries before it gives up: each round lost means that another owner or a late write moved the log. */
  activationTriesMax: 8,
  /** Requests that wait for the answer to one send: the first and its retries. */
  askersPerSendMax: 8,
  /** Sends named in a snapshot, the newest; older retries are answered `stored-earlier` after a reload. */
  snapshotSendsMax: 4_096,
  /** A draining conversation ends when all is accepted, or after so long: its next owner delivers the rest. */
  drainWaitMs: 2_000,
  sendsPerPairBucket: 60,
  sendsPerPairPerSecond: 1,

  // device
  windowEntries: 64,
  windowBytes: 256 * 1024,
  sendsInFlightMax: 64,
  /** An online device that has not acked by then gets a durable mark. */
  ackWaitMs: 2_000,
  /** Something pushed and no ack for so long: closed as a slow consumer (4008). */
  noAckCloseMs: 10_000,
  marksPerWriteMax: 128,
  sliceEntries: 64,
  /** After an owner change gateways have so long to attach sessions before marks and wakes are written. */
  attachGraceMs: 2_000,
  sendsPerDeviceBucket: 200,
  sendsPerDevicePerSecond: 50,
  pagesPerDeviceBucket: 200,
  pagesPerDevicePerSecond: 20,
  /** Deliveries of a device that no mark covers yet; more are dropped unaccepted, so the conversation brings them again. */
  openDeliveriesMax: 1_024,
  /** Mail that waits while a device is loaded. */
  deviceWaitingMax: 1_024,
  /** Conversations that are replayed to one device at once: with slices of `sliceBytes` together no more than a window. */
  replaysAtOnce: 4,
  sliceBytes: 64 * 1024,
  /** Heads that one device's actor looks up at once when it drains. */
  looksAtOnce: 16,
  /** Conversations of a syncState that are asked for receipts at once, and how long caughtUp waits for them. */
  syncingAtOnce: 16,
  receiptsWaitMs: 2_000,
  /** A session that was attached again does not send syncState; pushes begin after so long. */
  syncGraceMs: 1_000,
  /** A receipt row is written at most so often: five times a second. */
  receiptWriteEveryMs: 200,
  /** A mark is raised behind what was acked once so much of it is done: what a broken drain repeats at most. */
  raiseMarkAfter: 256n,
  readRetryMs: 500,
  /** Of one answer to `fetch`; `fetched` says how far it went. */
  fetchBytesMax: 512 * 1024,
  fetchesWaitingMax: 8,
  /** Acks of one conversation that wait for its row, READ acks that wait for theirs to be durable. */
  acksWaitingMax: 16,
  readsWaitingMax: 64,
  /** Chats without anything under way that a device's actor keeps at least before it forgets them. */
  quietChatsKept: 256,
  /** Control entries that a look for a device's membership walks back over. */
  controlWalkMax: 20_000,

  // account
  devicesPerAccountMax: 8,
  listChangesPerDayMax: 10,
  listVersionsMax: 1_000,
  addAfterMs: 24 * 3_600_000,
  usedLinksMax: 32,
  oneTimePrekeysMax: 100,
  prekeysLow: 20,
  prekeyFetchBucket: 6,
  prekeyFetchRefillMs: 600_000,
  /** The answer to (requester, target, request) is repeated for so long, so that a retry burns no second key. */
  prekeyAnswerKeptMs: 60_000,
  lookupsPerHour: 100,
  linkBucket: 6,
  linkRefillMs: 120_000,
  registrationsPerIpBucket: 20,
  registrationsPerIpRefillMs: 60_000,
  pendingAccountMs: 3_600_000,
  conversationsPerAccountMax: 20_000,
  newContactsPerHour: 100,
  toldPerSecond: 50,
  /** Requests that one account works on or holds back at once; more are answered `overloaded`. */
  accountFlowsMax: 256,
  /** Conversations that were told of a list and have not said that they heard it. */
  toldInFlightMax: 200,
  /** Rows of conversations and devices in one write of bookkeeping. */
  accountRowsPerWriteMax: 128,
  /** Who fetches prekeys of one account: buckets kept. Above it the fullest are forgotten, which forgives them the least. */
  prekeyRequestersMax: 1_024,
  /** Answers kept for a repeated prekey request. */
  prekeyAnswersMax: 256,
  /** Tries at a one-time prekey before a bundle goes without. */
  prekeyClaimsMax: 3,
  /** One-time keys of one target for all requesters together; above it bundles go without, so that no crowd empties the pools. */
  prekeysPerTargetBucket: 1_000,
  prekeysPerTargetRefillMs: 3_600,
  /** Fetches of an account's own devices, which link and repair more often. */
  ownPrekeyFetchBucket: 60,
  ownPrekeyFetchRefillMs: 10_000,
  prekeysLowEveryMs: 60_000,
  keyUploadBucket: 20,
  keyUploadRefillMs: 30_000,
  listTriesBucket: 20,
  listTriesRefillMs: 30_000,
  /** How long an account waits for others' heads before a new conversation is refused. */
  describeDeadlineMs: 5_000,
  /** A handle that is held by a registration which was given up is asked for again after so long. */
  handleAgainMs: 200,
  lastSeenEveryMs: 3_600_000,
  /** Tries of an activation to find an account's row standing still before it is fenced. */
  probesMax: 8,
  /** Signatures that wait for the worker: 1.2 s of its work. */
  signatureChecksMax: 20_000,

  // links
  linkOfferMs: 120_000,
  linkUriMs: 60_000,
  linkPollMs: 25_000,
  /** How often a long poll looks at its offer. */
  linkPollStepMs: 200,

  // sockets
  authDeadlineMs: 5_000,
  pingAfterMs: 30_000,
  deadAfterMs: 75_000,
  socketBackpressureBytesMax: 1024 * 1024,
  socketsMax: 100_000,
  unauthenticatedSocketsMax: 2_000,
  socketsPerIpMax: 100,
  framesPerSecondMax: 2_000,
  problemsBeforeClose: 50,
  /** A frame that is not protobuf counts as so many warnings: three of them close. */
  badFrameCost: 20,
  /** Questions of one gateway that wait for an actor: REST requests and gathered fetches. */
  questionsMax: 20_000,
  requestDeadlineMs: 10_000,
  ownerUnreachableMs: 5_000,

  // the client's cipher
  /** A pairwise body that would leave so many message keys unused is staged; libsignal keeps 2,000 and then loses the oldest. */
  ratchetAheadMax: 500,
  /** Distance between the oldest unread message of a chain and one that is read: libsignal's post-quantum ratchet keeps keys over about 2,000. */
  ratchetSpanMax: 1_500,
  /** Unused message keys of one chain that libsignal keeps before it loses the oldest. */
  ratchetKeptMax: 2_000,
  /** Chains per device of which it is known how far they were read; libsignal keeps as many. */
  cipherChainsKept: 5,
  /** Operations that wait for one device's mutex; the receive queues and the outbox stay below. */
  cipherWaitingMax: 4_096,
  /** Private halves of prekeys: longer than a first message can wait at the server, and four times the rotation. */
  prekeyPrivateKeptMs: 130 * 86_400_000,
  /** The largest padded content: with its ratchet overhead it fits one entry for a few devices. */
  paddedBytesMax: 96 * 1024,

  // the client's outbox and inbox
  /** Back-off of a conversation whose send was told to come later: from, and up to. */
  outboxDelayMinMs: 250,
  outboxDelayMaxMs: 20_000,
  /** A send that was encrypted anew so often because the roster moved waits between further tries. */
  outboxRepairsMax: 10,
  /** Pending sends of one conversation that are held in memory; the rest stays in the store until these are done. */
  outboxRowsMax: 256,
  /** Deliveries that wait for decryption in one conversation; above it they are dropped and fetched again. The server's window is 64. */
  receiveQueueMax: 512,
  /** Acks are sent at least after so many stored entries: a fraction of the server's window. */
  ackEveryEntries: 16,
  /** Pages of control entries that one chain of fetchRoster answers may have: 64 KiB each. */
  rosterPagesMax: 256,
  /** Retry requests per (entry, device), in each direction. */
  retriesPerEntryMax: 3,
  sessionResetEveryMs: 3_600_000,
  /** A staged entry whose predecessor did not come by then is asked for again. */
  stagedWaitMs: 30_000,
  /** Entries staged per pass over one conversation. */
  stagedPassMax: 10_000,
  /** A chat's changes() that nobody reads keeps so many names of what changed; above it the reader is told to read everything. */
  changesKeptMax: 1_000,
  inboxPageEntries: 64,
  /** createChat again after newer device lists. */
  createChatTriesMax: 5,
  messageTextBytesMax: 64 * 1024,
  /** A drain of a long absence is given so long until `live`. */
  syncDeadlineMs: 3_600_000,
  /** Back-off of a conversation whose entry could not be looked at, because something it needs was not answered. */
  receiveRetryMs: 1_000,
  /** Entries that one look at the history returns at most. */
  historyPageMax: 1_000,

  // the client's connection and account
  /** Full jitter: a delay is drawn evenly below a ceiling that doubles from the first to the last. */
  reconnectMinMs: 500,
  reconnectMaxMs: 20_000,
  /** A server's hint is believed up to here. */
  reconnectHintMaxMs: 300_000,
  /** A socket that was dialled and is not welcomed by then is given up. */
  connectDeadlineMs: 15_000,
  /** Requests without an answer; more are refused `overloaded`. */
  requestsPendingMax: 256,
  restDeadlineMs: 15_000,
  /** A whole chain of 1,000 small versions in base64. */
  restAnswerBytesMax: 16 * 1024 * 1024,
  /** Tries at a version of the own list that others keep overtaking. */
  rebaseTriesMax: 5,
  /** Accounts whose chains a client keeps decoded; the store has them all. */
  chainsCachedMax: 2_048,
  /** Events kept for a loop that is slow; the oldest go first. */
  eventsKeptMax: 1_000,
  /** Answers to one fetchDevices: 1,000 versions of 128 accounts would be more, but nobody has that. */
  chainPagesMax: 1_024,
  /** Proofs kept about one account, so that a server that lies without end fills no disk. */
  evidencePerAccountMax: 16,
  linkRefreshMs: 45_000,
  /** How often the old device looks for the new one in its list, should the push be lost. */
  linkLookMs: 2_000,
  linkRetryMs: 1_000,
  /** How far the other device's clock may run ahead of ours before its link counts as made for longer than allowed. */
  linkSkewMs: 30_000,
  linkUriCharactersMax: 1_024,
  prekeyRotateMs: 7 * 86_400_000,
  /** How often a client looks whether its prekeys are due. */
  prekeyCheckMs: 3_600_000,
  /** Contacts in one sync entry: about 200 bytes each. */
  syncContactsPerPage: 100,

  // runtime
  mailboxMax: 4_096,
  messagesPerTurnMax: 64,
  turnMsMax: 1,
  actorIdleMs: 60_000,
  actorsMax: 200_000,
  shards: 1_024,
  sliceOpenMs: 60_000,
  sliceIntentsMax: 10_000,
  /** How often the first possibly open slice of each shard is written down. */
  lowWaterEveryMs: 10_000,
  recoverPerSecond: 200,
  storeDeadlineMs: 5_000,
  /** One try of a conditional write; then it counts as unknown and is read back. */
  storeAttemptMs: 1_500,
  storeRetryMinMs: 5,
  storeRetryMaxMs: 250,
  /** Writes that share one commit of the embedded store: they run in one turn of the event loop. */
  commitWritesMax: 512,
  /** Writes that wait for the embedded store; more are told at once that it did not answer. */
  storeWaitingMax: 65_536,
  /** Age of what the disk said about its free space. */
  diskCheckMs: 1_000,
  /** Partitions that one call of the sweep looks at, so that it never holds up a turn for long. */
  sweepPartitionsMax: 64,
  /** A round of sweeping begins so long after the one before. */
  sweepEveryMs: 3_600_000,
  /** Between two steps of a round, so that sends come first. */
  sweepPauseMs: 50,
  drainMs: 10_000,
  diskReserveBytesMin: 32 * 1024 * 1024,
  diskReserveShare: 0.05,
};

/** Limits that an operator may change, with the least and the greatest value that makes sense. */
export const configurableLimits = {
  retentionMs: [86_400_000, 90 * 86_400_000],
  trimAfterMs: [0, 30 * 86_400_000],
  sendsPerPairBucket: [1, 1e9],
  sendsPerPairPerSecond: [0.01, 1e9],
  sendsPerDeviceBucket: [1, 1e9],
  sendsPerDevicePerSecond: [0.01, 1e9],
  pagesPerDeviceBucket: [1, 1e9],
  pagesPerDevicePerSecond: [0.01, 1e9],
  sendsInFlightMax: [1, 4_096],
  devicesPerAccountMax: [1, 8],
  listChangesPerDayMax: [1, 1_000],
  addAfterMs: [0, 30 * 86_400_000],
  prekeyFetchBucket: [1, 1e6],
  prekeyFetchRefillMs: [1, 86_400_000],
  lookupsPerHour: [1, 1e9],
  linkBucket: [1, 1e6],
  linkRefillMs: [1, 86_400_000],
  registrationsPerIpBucket: [1, 1e9],
  registrationsPerIpRefillMs: [1, 86_400_000],
  newContactsPerHour: [1, 1e9],
  conversationsPerAccountMax: [1, 100_000],
  authDeadlineMs: [100, 60_000],
  ackWaitMs: [100, 10_000],
  noAckCloseMs: [500, 600_000],
  socketsMax: [1, 1_000_000],
  unauthenticatedSocketsMax: [1, 100_000],
  socketsPerIpMax: [1, 1_000_000],
  problemsBeforeClose: [1, 1e9],
  actorIdleMs: [200, 3_600_000],
  actorsMax: [100, 10_000_000],
  mailboxMax: [16, 100_000],
  attachGraceMs: [0, 60_000],
  drainMs: [100, 600_000],
} as const satisfies Partial<Record<keyof typeof defaults, readonly [number, number]>>;

export type ConfigurableLimit = keyof typeof configurableLimits;

/** In force in this process. Read at the time of use, never copied at import: `setLimits` may come later. */
export const limits: Readonly<typeof defaults> = { ...defaults };

/** Once, by bin/ before anything runs, with values that the configuration has checked; and by tests that say so. */
export function setLimits(changed: Partial<Record<ConfigurableLimit, number>>): void {
  Object.assign(limits, changed);
}
