// `rdkafka-ts demo`: messages through a cluster on which a broker goes down and a consumer leaves; every one is counted.
// @thread app
import { randomBytes } from 'node:crypto';
import { parseBrokerList } from '../../defs/broker_list.ts';
import { systemClock } from '../../rd/clock.ts';
import { readOptions, Usage } from '../options.ts';
import { Member, Producer, type Scene } from './clients.ts';
import { within } from './pause.ts';
import { Screen, table } from './screen.ts';
import { mockStage, realStage, type Stage } from './stage.ts';
import { isGood, Tally } from './tally.ts';

/** How long messages are produced, and when what happens, from the first message of many. */
const PRODUCE_MS = 6000;
const BREAK_MS = 1500;
const LEAVE_MS = 2500;
const JOIN_MS = 3500;
const HEAL_MS = 4500;
/** Keeps memory small on fast machines: the mock keeps all records. */
const MOST_MESSAGES = 2_000_000;
/** A topic that did not exist, and groups of a real cluster, which wait 3 s for more members. */
const READY_MS = 10_000;
/** How long a busy machine may take to form the group. */
const GROUP_MS = 30_000;
/** What is left to be delivered and consumed when no more is produced. */
const DRAIN_MS = 60_000;

export const DEMO_HELP = `rdkafka-ts demo: produces and consumes, and counts every message

  --bootstrap HOST:PORT   on that cluster, whose brokers are left alone, in place of a mock cluster in this process;
                          it must make topics when they are first used (auto.create.topics.enable)

A producer with delivery reports, a group of two consumers. Meanwhile a broker of the mock cluster is shut down and
comes back, one consumer leaves and another joins. At most ${MOST_MESSAGES.toLocaleString('en-US')} messages of 100 bytes are sent.
Ends with 1 if a message was lost, or reported twice or never.
`;

/** Gives the exit code: 0 when nothing was lost and everything reported once. Takes under 15 seconds. */
export async function demo(args: readonly string[]): Promise<number> {
  const { bootstrap } = readOptions(args, ['bootstrap']);
  const wrong = bootstrap === undefined ? null : parseBrokerList(bootstrap);
  if (wrong !== null && (wrong.bad !== null || wrong.brokers.length === 0))
    throw new Usage(`--bootstrap wants host:port, not "${bootstrap}"`);
  const name = `rdkafka-ts-demo-${randomBytes(4).toString('hex')}`;
  const stage = bootstrap === undefined ? await mockStage(name) : realStage(bootstrap);
  const tally = new Tally(MOST_MESSAGES);
  const scene: Scene = { bootstrap: stage.bootstrap, topic: name, group: name, tally, log: [], rebalances: 0 };
  const screen = new Screen(tally);
  screen.say(`${stage.what}: ${stage.bootstrap}`);
  const play = new Play(stage, scene, screen);
  try {
    return await play.run();
  } finally {
    screen.stop();
    await play.close();
    await stage.close();
  }
}

/** One performance, from the first message to the table. */
class Play {
  private readonly stage: Stage;
  private readonly scene: Scene;
  private readonly screen: Screen;
  private readonly producer: Producer;
  private readonly members: Member[];

  constructor(stage: Stage, scene: Scene, screen: Screen) {
    this.stage = stage;
    this.scene = scene;
    this.screen = screen;
    this.producer = new Producer(scene);
    this.members = [];
  }

  async run(): Promise<number> {
    if (!(await this.prepare())) return this.failed();
    const { tally } = this.scene;
    const began = systemClock.now();
    this.screen.start();
    const events = this.events(began);
    await this.producer.run(PRODUCE_MS);
    const producing_ms = systemClock.now() - began;
    await events;
    this.screen.say(`no more messages; ${left(tally)} are still to be consumed`);
    await this.producer.flush(DRAIN_MS);
    await within(DRAIN_MS, () => tally.consumed === tally.produced);
    const consuming_ms = systemClock.now() - began;
    this.screen.stop();
    const totals = tally.totals();
    process.stdout.write(table({ totals, producing_ms, consuming_ms, rebalances: this.scene.rebalances }));
    if (!isGood(totals)) return this.failed();
    this.screen.say('every message was delivered, reported once and consumed');
    return 0;
  }

  /** The topic is made by its first message, then the consumers join; false when that took too long. */
  private async prepare(): Promise<boolean> {
    const { tally, topic } = this.scene;
    this.producer.send();
    if (!(await within(READY_MS, () => tally.delivered === 1))) {
      this.screen.say(`topic ${topic} could not be made and written to within ${READY_MS / 1000} s`);
      return false;
    }
    this.members.push(new Member(this.scene), new Member(this.scene));
    if (!(await within(GROUP_MS, () => this.members.every((member) => member.assigned) && tally.consumed === 1))) {
      this.screen.say(`the consumers were not given their partitions within ${GROUP_MS / 1000} s`);
      return false;
    }
    this.screen.say(`topic ${topic}, a producer, a group of two consumers`);
    return true;
  }

  private async events(began: number): Promise<void> {
    const { stage, scene, screen, members } = this;
    const at = (ms: number): Promise<boolean> => within(began + ms - systemClock.now(), () => false);
    await at(BREAK_MS);
    if (stage.victim !== null) screen.say(`broker ${stage.victim} is shut down, the others lead its partitions`);
    await stage.breakDown(scene.topic);
    await at(LEAVE_MS);
    screen.say('one consumer leaves the group');
    const leaver = members.shift();
    await leaver?.close();
    await at(JOIN_MS);
    screen.say('another consumer joins');
    members.push(new Member(scene));
    await at(HEAL_MS);
    if (stage.victim !== null) screen.say(`broker ${stage.victim} is back and leads them again`);
    await stage.comeBack(scene.topic);
  }

  private failed(): number {
    process.stdout.write('The demo failed.\n');
    const lines = this.scene.log.map((line) => `  ${line}\n`);
    if (lines.length > 0) process.stderr.write(`The clients' last log lines:\n${lines.join('')}`);
    return 1;
  }

  async close(): Promise<void> {
    await Promise.all([this.producer.close(), ...this.members.map((member) => member.close())]);
  }
}

function left({ produced, consumed }: Tally): string {
  return (produced - consumed).toLocaleString('en-US');
}
