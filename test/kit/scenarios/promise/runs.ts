// The scenarios of the promise layer that need no control over their cluster, with their names. @thread app
import type { TestContext } from 'vitest';
import type { TopicEnv } from '../consumer.ts';
import * as batches from './batches.ts';
import * as each from './each.ts';
import * as messages from './messages.ts';

export type Runs = readonly (readonly [name: string, scenario: (t: TestContext, env: TopicEnv) => Promise<void>])[];

export const messagesRuns: Runs = [
  ['every message comes once, in the order of its partition', messages.allInOrder],
  ['an offset is stored when the next message is asked for', messages.storedByTheNextPull],
  ['break stores nothing for the message in work', (t, env) => messages.leftLoop(t, env, 'break')],
  ['throw stores nothing for the message in work', (t, env) => messages.leftLoop(t, env, 'throw')],
  ['return() stores nothing for the message in work', (t, env) => messages.leftLoop(t, env, 'return')],
  ['the timer commits what the loop has gone beyond', messages.committedByTimer],
  ['with enable.auto.offset.store=false nothing is stored', messages.nothingStored],
  ['from consumer_poll to messages and back nothing is lost or repeated', messages.pollAndBack],
  ['nothing stale comes after a seek', messages.sought],
  ['nothing of a paused partition comes before its resume', messages.paused],
  ['a rebalance waits for the next pull', (t, env) => messages.rebalanceWaitsForPull(t, env)],
  [
    'a rebalance waits for the next pull of a handle without any callback',
    (t, env) => messages.rebalanceWaitsForPull(t, env, messages.plain),
  ],
  ['what a hook throws is thrown by the pull, and the next loop goes on', messages.hookThrows],
  ['a second iterator throws _STATE, and the first goes on', messages.secondIterator],
  ['next() several times at once gives messages in the order of the calls', messages.severalAtOnce],
  ['return() ends a pull that waits', messages.returnWhileWaiting],
  ['a loop that waits ends with close_async', (t, env) => messages.endsWithTheHandle(t, env, 'close_async')],
  ['a loop that waits ends with destroy', (t, env) => messages.endsWithTheHandle(t, env, 'destroy')],
  ['close_async waits for the message in work and commits it', messages.closeWaitsForTheLoop],
  ['close_async does not wait for an iterator that has nothing in work', messages.closeOfAnIdleIterator],
  ['a signal that is aborted already begins nothing', messages.abortedBefore],
  ['abort ends a pull that waits, with its reason', messages.abortedWhileWaiting],
  ['abort in the loop stores what was handled', messages.abortedInTheLoop],
  ['a fatal error ends every loop', messages.fatal],
  ['errors that need no end go to on_error, or to the log', messages.errorsBesides],
  ['on_eof tells the end of each partition once', messages.endsOfPartitions],
  ['the event loop gets its turns while messages keep coming', messages.turnsOfTheLoop],
];

export const batchesRuns: Runs = [
  ['a batch has max_messages at most, and waits to be full for max_wait_ms', batches.mostMessages],
  ['without max_wait_ms what is there goes out', batches.whatIsThere],
  ['a batch goes out when it has max_bytes', batches.mostBytes],
  ['what comes within max_wait_ms goes into the batch', batches.longestWait],
  ['the offsets of all its partitions are stored when the next batch is asked for', batches.storedByBatch],
  ['the batch at which the loop was left is not stored', batches.leftBatch],
  ['abort amid a batch lets out what is in it', batches.abortAmidBatch],
  ['what a callback throws amid a batch is thrown by the next pull', batches.throwAmidBatch],
  ['a rebalance ends the batch that is being filled, and waits for the next pull', batches.rebalanceEndsBatch],
  ['a rebalance that comes amid the filling is not begun in it', batches.rebalanceAmidFilling],
  ['options that make no sense are refused, and nothing is begun', batches.refused],
];

export const eachRuns: Runs = [
  ['handlers run one by one, in order, and what they did is committed', each.oneByOne],
  ['handlers that return nothing run in the pull', each.synchronous],
  [
    'order: key keeps the order of each key, and commits up to the lowest not done',
    (t, env) => each.ordered(t, env, 'key'),
  ],
  ['order: partition keeps that of each partition', (t, env) => each.ordered(t, env, 'partition')],
  ['order: none keeps none, and loses nothing', (t, env) => each.ordered(t, env, 'none')],
  ['the lowest that is not done is what is committed', each.lowestUnfinished],
  ['max_ahead holds up its partition alone, and lets it go on', each.mostAhead],
  ['max_ahead may be one', each.oneAhead],
  [
    "a partition that is held up is paused by the app's own pause",
    (t, env) => each.mostAheadAndPaused(t, env, 'pause'),
  ],
  [
    "a partition that is held up is not let go by the app's resume",
    (t, env) => each.mostAheadAndPaused(t, env, 'resume'),
  ],
  ['a long lane of quick handlers is a loop', each.longLane],
];

export const eachFailureRuns: Runs = [
  ['a handler that throws stops it, and what is not done comes again', (t, env) => each.stopsAndAgain(t, env, 'sync')],
  [
    'a handler that rejects stops it before the next of its key is begun',
    (t, env) => each.stopsAndAgain(t, env, 'async'),
  ],
  ['skip counts as done, retries keep their place, attempts are counted', each.skipsAndRetries],
  ['retries that end at once go on at once', each.retriesGoOn],
  ['what makes no sense is refused', each.badAnswers],
  ['close_async waits for handlers at work and commits what they did', each.closeWaits],
  ['close_async ends it though a handler hangs', (t, env) => each.closeOfAHang(t, env, 'close_async')],
  ['destroy ends it though a handler hangs, and says so', (t, env) => each.closeOfAHang(t, env, 'destroy')],
  ['destroy ends it in silence when nothing is in work', each.destroyed],
  ['what fails while the handle closes is told', each.failsWhileClosing],
  ['abort aborts the handlers, and what was not done comes again', each.aborted],
  ['with enable.auto.commit=false offsets are stored for commit_async', (t, env) => each.manualCommit(t, env, true)],
  ['so they are with enable.auto.offset.store=false', (t, env) => each.manualCommit(t, env, false)],
];

export const eachRebalanceRuns: Runs = [
  ['a revoke waits for handlers at work, with hooks', (t, env) => each.revokeWaits(t, env, 'hooks')],
  ['a revoke waits for handlers at work, with rebalance_cb', (t, env) => each.revokeWaits(t, env, 'rebalance_cb')],
  ['a revoke waits for handlers at work, without either', (t, env) => each.revokeWaits(t, env, 'nothing')],
  ['past revoke_timeout_ms signals are aborted and the partitions go', each.revokeTimesOut],
  ['a rebalance_cb that throws stops it, and the group goes on', each.throwingCallback],
];
