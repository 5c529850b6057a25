/**
 * Every bound of the system with its reason. Those named in configurable-limits.ts may be changed by the configuration (`limits.<name>`);
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
  /** A page of control entries or of a device list's chain in one answer. */
  pageBytesMax: 64 * 1024,
  /** Entries that one `fetch` may ask for. */
  fetchEntriesMax: 256,
  /** Chats in one page of `syncState`. */
  syncChatsMax: 2_000,
  /** Ranges of one receipt's `except`; above it the nearest join. */
  exceptRangesMax: 16,
  /** Accounts in one request for prekeys or device lists. */
  accountsPerRequestMax: 128,
  /** Bundles in one answer, about 1.7 KiB each. */
  bundlesPerAnswerMax: 100,
  /** So that a handle fits a line of a terminal. */
  handleCharactersMax: 31,
  /** A REST body; a registration with 200 prekeys is about 190 KiB. */
  restBodyBytesMax: 256 * 1024,

  // conversation
  /** Entries of one conditional write. */
  batchEntriesMax: 64,
  /** Bytes of one conditional write. */
  batchBytesMax: 256 * 1024,
  /** Sequences of a bucket, one partition. A power of two: bucket = (sequence − 1) >> bucketBits. */
  bucketBits: 9,
  /** Sends that wait behind the batch in flight; more are answered `overloaded`. */
  conversationWaitingMax: 1_024,
  /** Bytes of the sends that wait; more are answered `overloaded`. */
  conversationWaitingBytesMax: 8 * 1024 * 1024,
  /** First answers kept per device; an older retry gets `stored-earlier`. */
  recentSendsPerDevice: 64,
  /** The fold is written down so often, so that an activation reads at most so many headers. */
  snapshotEveryAppends: 256,
  /** And at least so often. */
  snapshotEveryMs: 12 * 3_600_000,
  /** Of a group. */
  membersMax: 1_024,
  /** How long an undelivered body is kept. */
  retentionMs: 30 * 86_400_000,
  /** A body that every device has is kept at least so long. */
  trimAfterMs: 24 * 3_600_000,
  /** How often a loaded conversation looks whether it can trim. */
  trimEveryMs: 3_600_000,
  /** An unaccepted delivery goes out again after so long, doubling … */
  redeliverMinMs: 1_000,
  /** … up to here. */
  redeliverMaxMs: 10_000,
  /** Receipts are told to a peer at most so often. */
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
  /** Burst of one sender to one recipient. */
  sendsPerPairBucket: 60,
  /** And steadily. */
  sendsPerPairPerSecond: 1,

  // device
  /** What may be with a device unacked. */
  windowEntries: 64,
  /** And in bytes. */
  windowBytes: 256 * 1024,
  /** Sends of one device that wait for their answer. */
  sendsInFlightMax: 64,
  /** An online device that has not acked by then gets a durable mark. */
  ackWaitMs: 2_000,
  /** Something pushed and no ack for so long: closed as a slow consumer (4008). */
  noAckCloseMs: 10_000,
  /** Marks changed in one write of a device's partition. */
  marksPerWriteMax: 128,
  /** Entries of one read of the log for replay. */
  sliceEntries: 64,
  /** Burst of one device to all conversations. */
  sendsPerDeviceBucket: 200,
  /** And steadily. */
  sendsPerDevicePerSecond: 50,
  /** Burst of all other requests of one device. */
  pagesPerDeviceBucket: 200,
  /** And steadily. */
  pagesPerDevicePerSecond: 20,
  /** Deliveries of a device that no mark covers yet; more are dropped unaccepted, so the conversation brings them again. */
  openDeliveriesMax: 1_024,
  /** Mail that waits while a device is loaded. */
  deviceWaitingMax: 1_024,
  /** Conversations that are replayed to one device at once: with slices of `sliceBytes` together no more than a window. */
  replaysAtOnce: 4,
  /** Bytes of one such read. */
  sliceBytes: 64 * 1024,
  /** Heads that one device's actor looks up at once when it drains. */
  looksAtOnce: 16,
  /** Conversations of a syncState that are asked for receipts at once, and how long caughtUp waits for them. */
  syncingAtOnce: 16,
  /** How long `caughtUp` waits for a conversation's receipts. */
  receiptsWaitMs: 2_000,
  /** A session that was attached again does not send syncState; pushes begin after so long. */
  syncGraceMs: 1_000,
  /** A receipt row is written at most so often: five times a second. */
  receiptWriteEveryMs: 200,
  /** A mark is raised behind what was acked once so much of it is done: what a broken drain repeats at most. */
  raiseMarkAfter: 256n,
  /** A read that the store did not answer is repeated after so long. */
  readRetryMs: 500,
  /** Of one answer to `fetch`; `fetched` says how far it went. */
  fetchBytesMax: 512 * 1024,
  /** Fetches of one device that wait. */
  fetchesWaitingMax: 8,
  /** Acks of one conversation that wait for its row, READ acks that wait for theirs to be durable. */
  acksWaitingMax: 16,
  /** READ acks that wait for theirs to be durable. */
  readsWaitingMax: 64,
  /** Chats without anything under way that a device's actor keeps at least before it forgets them. */
  quietChatsKept: 256,
  /** Control entries that a look for a device's membership walks back over. */
  controlWalkMax: 20_000,

  // account
  /** Linked devices of one account. */
  devicesPerAccountMax: 8,
  /** Versions of one device list within 24 hours. */
  listChangesPerDayMax: 10,
  /** Versions of one device list. */
  listVersionsMax: 1_000,
  /** A linked device may add another one only after so long. */
  addAfterMs: 24 * 3_600_000,
  /** Link ids that an account remembers as used; an offer lives 120 s. */
  usedLinksMax: 32,
  /** One-time keys per pool and upload. */
  oneTimePrekeysMax: 100,
  /** Below it the device is asked for more. */
  prekeysLow: 20,
  /** Bundles of one account fetched by one other: burst … */
  prekeyFetchBucket: 6,
  /** … and one more after so long. */
  prekeyFetchRefillMs: 600_000,
  /** The answer to (requester, target, request) is repeated for so long, so that a retry burns no second key. */
  prekeyAnswerKeptMs: 60_000,
  /** Handles looked up from one address. */
  lookupsPerHour: 100,
  /** Links of one address: burst … */
  linkBucket: 6,
  /** … and one more after so long. */
  linkRefillMs: 120_000,
  /** Registrations from one address: burst … */
  registrationsPerIpBucket: 20,
  /** … and one more after so long. */
  registrationsPerIpRefillMs: 60_000,
  /** A registration that stopped halfway frees its handle after so long. */
  pendingAccountMs: 3_600_000,
  /** Conversations of one account. */
  conversationsPerAccountMax: 20_000,
  /** New conversations of one account. */
  newContactsPerHour: 100,
  /** Conversations told of a changed device list. */
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
  /** And one more after so long. */
  prekeysPerTargetRefillMs: 3_600,
  /** Fetches of an account's own devices, which link and repair more often. */
  ownPrekeyFetchBucket: 60,
  /** And one more after so long. */
  ownPrekeyFetchRefillMs: 10_000,
  /** `prekeysLow` is said at most so often. */
  prekeysLowEveryMs: 60_000,
  /** Key uploads of one device: burst … */
  keyUploadBucket: 20,
  /** … and one more after so long. */
  keyUploadRefillMs: 30_000,
  /** Tries to change a device list: burst … */
  listTriesBucket: 20,
  /** … and one more after so long. */
  listTriesRefillMs: 30_000,
  /** How long an account waits for others' heads before a new conversation is refused. */
  describeDeadlineMs: 5_000,
  /** A handle that is held by a registration which was given up is asked for again after so long. */
  handleAgainMs: 200,
  /** Last seen is written at most so often. */
  lastSeenEveryMs: 3_600_000,
  /** Tries of an activation to find an account's row standing still before it is fenced. */
  probesMax: 8,
  /** Signatures that wait for the worker: 1.2 s of its work. */
  signatureChecksMax: 20_000,

  // links
  /** A link offer lives so long. */
  linkOfferMs: 120_000,
  /** A link URI is accepted so long. */
  linkUriMs: 60_000,
  /** Longest wait of one poll. */
  linkPollMs: 25_000,
  /** How often a long poll looks at its offer. */
  linkPollStepMs: 200,

  // sockets
  /** A socket that has not shown a credential by then is closed. */
  authDeadlineMs: 5_000,
  /** A socket that is silent so long, in spite of pings, is dead. */
  deadAfterMs: 75_000,
  /** Unsent bytes of one socket; above it is closed as a slow consumer. */
  socketBackpressureBytesMax: 1024 * 1024,
  /** Sockets of one node. */
  socketsMax: 100_000,
  /** Of those, such that have not shown a credential. */
  unauthenticatedSocketsMax: 2_000,
  /** Sockets of one address (IPv6: per /64). */
  socketsPerIpMax: 100,
  /** Refused frames before a socket is closed with 4029. */
  problemsBeforeClose: 50,
  /** A frame that is not protobuf counts as so many warnings: three of them close. */
  badFrameCost: 20,
  /** Questions of one gateway that wait for an actor: REST requests and gathered fetches. */
  questionsMax: 20_000,
  /** A question of the gateway that nobody answered by then is answered `timeout`. */
  requestDeadlineMs: 10_000,

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
  /** Up to here. */
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
  /** A cipher session is reset at most once in so long. */
  sessionResetEveryMs: 3_600_000,
  /** A staged entry whose predecessor did not come by then is asked for again. */
  stagedWaitMs: 30_000,
  /** Entries staged per pass over one conversation. */
  stagedPassMax: 10_000,
  /** A chat's changes() that nobody reads keeps so many names of what changed; above it the reader is told to read everything. */
  changesKeptMax: 1_000,
  /** Entries that an inbox loop reads from its store at once. */
  inboxPageEntries: 64,
  /** READ watermarks on their way to the server, one per conversation: far below the requests that may wait for an answer. */
  readsInFlightMax: 32,
  /** createChat again after newer device lists. */
  createChatTriesMax: 5,
  /** Text of one message. */
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
  /** Up to here. */
  reconnectMaxMs: 20_000,
  /** A server's hint is believed up to here. */
  reconnectHintMaxMs: 300_000,
  /** A socket that was dialled and is not welcomed by then is given up. */
  connectDeadlineMs: 15_000,
  /** A server that does not answer the closing handshake by then is left without. */
  closeWaitMs: 2_000,
  /** Requests without an answer; more are refused `overloaded`. */
  requestsPendingMax: 256,
  /** A REST call without an answer is given up. */
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
  /** A shown link code is replaced after so long. */
  linkRefreshMs: 45_000,
  /** How often the old device looks for the new one in its list, should the push be lost. */
  linkLookMs: 2_000,
  /** Pause before a link is tried again after a lost answer. */
  linkRetryMs: 1_000,
  /** How far the other device's clock may run ahead of ours before its link counts as made for longer than allowed. */
  linkSkewMs: 30_000,
  /** Longest link URI that is read. */
  linkUriCharactersMax: 1_024,
  /** Signed and last-resort prekeys are replaced after so long. */
  prekeyRotateMs: 7 * 86_400_000,
  /** How often a client looks whether its prekeys are due. */
  prekeyCheckMs: 3_600_000,
  /** Contacts in one sync entry: about 200 bytes each. */
  syncContactsPerPage: 100,

  // runtime
  /** Mail of one actor; more is answered `overloaded`. */
  mailboxMax: 4_096,
  /** Mail that an actor takes in one turn … */
  messagesPerTurnMax: 64,
  /** … or so long, whichever comes first. */
  turnMsMax: 1,
  /** An idle actor is unloaded after so long. */
  actorIdleMs: 60_000,
  /** Loaded actors of one node; the longest idle go first. */
  actorsMax: 200_000,
  /** Fixed slices of the id space; stored with the data. */
  shards: 1_024,
  /** A slice of intents is closed after so long … */
  sliceOpenMs: 60_000,
  /** … or so many. */
  sliceIntentsMax: 10_000,
  /** How often the first possibly open slice of each shard is written down. */
  lowWaterEveryMs: 10_000,
  /** Conversations woken after a restart. */
  recoverPerSecond: 200,
  /** A conditional write that is unknown so long is `unsure`. */
  storeDeadlineMs: 5_000,
  /** One try of a conditional write; then it counts as unknown and is read back. */
  storeAttemptMs: 1_500,
  /** Pause before an unknown write is looked at again, doubling … */
  storeRetryMinMs: 5,
  /** … up to here. */
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
  /** Time that a stopping node takes to hand over. */
  drainMs: 10_000,
  /** Free disk below which sends are refused, at least … */
  diskReserveBytesMin: 32 * 1024 * 1024,
  /** … or this share of the file system, whichever is larger. */
  diskReserveShare: 0.05,
};

/** In force in this process. Read at the time of use, never copied at import: `setLimits` may come later. */
export const limits: Readonly<typeof defaults> = { ...defaults };
