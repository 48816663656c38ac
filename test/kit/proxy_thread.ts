// The thread of `proxy.ts`: passes Kafka's frames between clients and brokers, or does not. Bundled and started there.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { FrameSplitter } from '../../src/protocol/frame_splitter.ts';
import type { Answer, Command, Direction, Rule, Start } from './proxy.ts';

const LARGEST = 1 << 28;
/** Answers that name brokers: Metadata, FindCoordinator, DescribeCluster. */
const NAMING: readonly number[] = [3, 10, 60];

/** What is asked of one broker's way. */
interface Way {
  held: boolean;
  delay: number;
  /** Frames that came, and that were passed on, by api key. */
  readonly came: Map<number, number>;
  readonly passed: Map<number, number>;
}

function oneMore(counts: Map<number, number>, apiKey: number): void {
  counts.set(apiKey, (counts.get(apiKey) ?? 0) + 1);
}

/** The place of one broker. */
class Place {
  readonly links: Set<Link>;
  readonly ways: Record<Direction, Way>;
  readonly server: Server;
  rules: Rule[];
  refusing: boolean;
  /** Connections that were accepted, those refused included. */
  accepted: number;
  private readonly host: string;
  private readonly port: number;

  constructor(address: string) {
    const at = address.lastIndexOf(':');
    this.host = address.slice(0, at);
    this.port = Number(address.slice(at + 1));
    this.links = new Set();
    this.rules = [];
    this.refusing = false;
    this.accepted = 0;
    const way = (): Way => ({ held: false, delay: 0, came: new Map(), passed: new Map() });
    this.ways = { up: way(), down: way() };
    this.server = createServer((client) => this.accept(client));
  }

  get ownPort(): number {
    return (this.server.address() as { port: number }).port;
  }

  /** The broker's address as brokers write it, and ours: of the same length. */
  get names(): { from: Buffer; to: Buffer } {
    const name = (port: number): Buffer => {
      const bytes = Buffer.alloc(this.host.length + 4);
      bytes.write(this.host, 'latin1');
      bytes.writeInt32BE(port, this.host.length);
      return bytes;
    };
    return { from: name(this.port), to: name(this.ownPort) };
  }

  cut(): void {
    for (const link of this.links) link.cut();
  }

  /** The first rule for such a frame, if its turn has come; it is used up then. */
  rule(direction: Direction, apiKey: number): Rule | null {
    const rule = this.rules.find((one) => one.direction === direction && one.apiKey === apiKey);
    if (rule === undefined || rule.after-- > 0) return null;
    this.rules = this.rules.filter((one) => one !== rule);
    return rule;
  }

  private accept(client: Socket): void {
    this.accepted++;
    client.on('error', () => {});
    if (this.refusing) client.destroy();
    else this.links.add(new Link(this, client, connect({ host: this.host, port: this.port })));
  }
}

/** One connection of a client, and ours to the broker. */
class Link {
  private readonly place: Place;
  private readonly client: Socket;
  private readonly broker: Socket;
  private readonly keys: Map<number, number>;
  readonly pipes: Record<Direction, Pipe>;

  constructor(place: Place, client: Socket, broker: Socket) {
    this.place = place;
    this.client = client;
    this.broker = broker;
    this.keys = new Map();
    this.pipes = { up: new Pipe(place.ways.up, broker), down: new Pipe(place.ways.down, client) };
    this.read(client, (frame) => this.take('up', this.requestKey(frame), frame));
    this.read(broker, (frame) => this.take('down', this.answerKey(frame), renamed(frame, this.answerKey(frame))));
  }

  cut(): void {
    this.place.links.delete(this);
    this.pipes.up.end();
    this.pipes.down.end();
    this.client.destroy();
    this.broker.destroy();
  }

  private read(from: Socket, onFrame: (frame: Uint8Array) => void): void {
    const splitter = new FrameSplitter(LARGEST);
    from.setNoDelay(true);
    from.on('error', () => {});
    from.on('close', () => this.cut());
    from.on('data', (chunk) => {
      try {
        splitter.push(chunk, onFrame);
      } catch {
        this.cut();
      }
    });
  }

  private requestKey(frame: Uint8Array): number {
    const view = new DataView(frame.buffer, frame.byteOffset);
    this.keys.set(view.getInt32(4), view.getInt16(0));
    return view.getInt16(0);
  }

  private answerKey(frame: Uint8Array): number {
    return this.keys.get(new DataView(frame.buffer, frame.byteOffset).getInt32(0)) ?? -1;
  }

  private take(direction: Direction, apiKey: number, frame: Uint8Array): void {
    if (!this.place.links.has(this)) return;
    const pipe = this.pipes[direction];
    oneMore(this.place.ways[direction].came, apiKey);
    const action = this.place.rule(direction, apiKey)?.action;
    if (action === 'hold') pipe.held = true;
    if (action === 'cut') this.cut();
    else if (action === 'half') pipe.half(frame, () => this.cut());
    else if (action !== 'swallow') pipe.push(apiKey, frame);
  }
}

/** One direction of a connection: frames that wait for their time. */
class Pipe {
  held: boolean;
  private readonly way: Way;
  private readonly to: Socket;
  private readonly waiting: { apiKey: number; frame: Uint8Array; due: number }[];
  private timer: NodeJS.Timeout | null;
  /** Nothing may follow what was cut in half. */
  private over: boolean;

  constructor(way: Way, to: Socket) {
    this.held = false;
    this.way = way;
    this.to = to;
    this.waiting = [];
    this.timer = null;
    this.over = false;
  }

  push(apiKey: number, frame: Uint8Array): void {
    if (this.over) return;
    this.waiting.push({ apiKey, frame, due: performance.now() + this.way.delay });
    this.pump();
  }

  /** Passes what may pass, in order. */
  pump(): void {
    while (this.waiting.length > 0 && !this.held && !this.way.held) {
      const { apiKey, frame, due } = this.waiting[0]!;
      const early = due - performance.now();
      if (early > 0) {
        this.timer ??= setTimeout(() => {
          this.timer = null;
          this.pump();
        }, early);
        return;
      }
      this.waiting.shift();
      this.to.write(sized(frame));
      oneMore(this.way.passed, apiKey);
    }
  }

  /** Passes what waits and the first half of `frame`. */
  half(frame: Uint8Array, then: () => void): void {
    if (this.over) return;
    this.over = true;
    for (const { frame: earlier } of this.waiting.splice(0)) this.to.write(sized(earlier));
    const whole = sized(frame);
    this.to.write(whole.subarray(0, whole.length >> 1), then);
  }

  end(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.waiting.length = 0;
  }
}

function sized(frame: Uint8Array): Buffer {
  const whole = Buffer.allocUnsafe(frame.length + 4);
  whole.writeInt32BE(frame.length);
  whole.set(frame, 4);
  return whole;
}

/** Brokers name each other's addresses: ours stand in for them, so that clients come here again. */
function renamed(frame: Uint8Array, apiKey: number): Uint8Array {
  if (!NAMING.includes(apiKey)) return frame;
  const bytes = Buffer.from(frame);
  for (const { names } of places)
    for (let at = bytes.indexOf(names.from); at >= 0; at = bytes.indexOf(names.from, at + names.from.length))
      names.to.copy(bytes, at);
  return bytes;
}

function obey(place: Place, command: Command): void {
  const ways = command.direction === undefined ? [place.ways.up, place.ways.down] : [place.ways[command.direction]];
  if (command.name === 'cut') place.cut();
  else if (command.name === 'refuse') {
    place.refusing = command.on;
    if (command.on) place.cut();
  } else if (command.name === 'hold') for (const way of ways) way.held = command.on;
  else if (command.name === 'delay') for (const way of ways) way.delay = command.ms;
  else if (command.name === 'when') place.rules.push({ ...command.rule });
  if (command.name !== 'hold' || command.on) return;
  for (const { pipes } of place.links)
    for (const direction of command.direction === undefined ? (['up', 'down'] as const) : [command.direction]) {
      pipes[direction].held = false;
      pipes[direction].pump();
    }
}

const { addresses, port, bell } = workerData as Start;
const places: readonly Place[] = addresses.map((address) => new Place(address));

function report(to: MessagePort, answer: Answer): void {
  to.postMessage(answer);
  Atomics.add(bell, 0, 1);
  Atomics.notify(bell, 0);
}

async function open(): Promise<void> {
  for (const { server } of places) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  report(port, { ports: places.map(({ ownPort }) => ownPort) });
  parentPort!.on('message', (command: Command) => {
    const asked = command.broker === undefined ? places : [places[command.broker]!];
    for (const place of asked) obey(place, command);
    const { direction = 'up', apiKey = -1 } = command.name === 'count' ? command : {};
    const sum = (count: (place: Place) => number): number => asked.reduce((all, place) => all + count(place), 0);
    report(port, {
      came: sum(({ ways }) => ways[direction].came.get(apiKey) ?? 0),
      passed: sum(({ ways }) => ways[direction].passed.get(apiKey) ?? 0),
      accepted: sum(({ accepted }) => accepted),
      open: sum(({ links }) => links.size),
    });
  });
}

void open();
