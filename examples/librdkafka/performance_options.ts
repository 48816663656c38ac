// The options of rdkafka_performance: those of the C program. What the library can't do yet says so.
import { readFileSync } from 'node:fs';
import { stdout } from 'rdkafka-ts/program';
import {
  out,
  RD_KAFKA_CONF_OK,
  RD_KAFKA_DEBUG_CONTEXTS,
  RD_KAFKA_MSG_F_FREE,
  RD_KAFKA_OFFSET_BEGINNING,
  RD_KAFKA_OFFSET_END,
  RD_KAFKA_OFFSET_STORED,
  RD_KAFKA_OFFSET_TAIL,
  rd_kafka_conf_dump,
  rd_kafka_conf_get_default_topic_conf,
  rd_kafka_conf_properties_show,
  rd_kafka_conf_set,
  type rd_kafka_conf_t,
  rd_kafka_header_add,
  rd_kafka_headers_new,
  type rd_kafka_headers_t,
  rd_kafka_topic_conf_dump,
  rd_kafka_version,
  rd_kafka_version_str,
} from 'rdkafka-ts/rdkafka';
import { getopt } from './getopt.ts';

export class Options {
  /** Producer, simple consumer, consumer of a group. */
  mode: 'P' | 'C' | 'G' = 'C';
  topics: string[] = [];
  partitions: number[] = [];
  brokers: string | null = null;
  /** -1: that of the pattern. */
  msgsize = -1;
  key: string | null = null;
  headers: rd_kafka_headers_t | null = null;
  read_hdrs = false;
  /** -1: for ever. */
  msgcnt = -1;
  exit_after = 0;
  sendflags = 0;
  dispintvl = 1000;
  msgpattern = 'rdkafka_performance of rdkafka-ts!';
  /** The first number of -F. */
  seq: bigint | null = null;
  seed = Math.floor(Date.now() / 1000);
  batch_size = 0;
  compression = 'no';
  start_offset = 0;
  exit_eof = false;
  verbosity = 1;
  idle = false;
  table = false;
  /** Microseconds between two messages. */
  rate_sleep = 0;
  latency_mode = false;
  latency_file: string | null = null;
  incremental = false;
  with_dr = true;
}

/** Ends the program with this code; the text, if any, is for stderr. */
export class Done extends Error {
  readonly code: number;

  constructor(code: number, text: string) {
    super(text);
    this.code = code;
  }
}

const LETTERS = 'PCG:S:t:p:b:s:k:c:fi:MDd:m:F:x:R:a:z:o:X:B:eT:Y:qvIur:lA:OwNH:';

export function read_options(argv: readonly string[], conf: rd_kafka_conf_t): Options {
  const { options, rest, wrong } = getopt(argv.slice(1), LETTERS);
  if (wrong) throw new Done(1, `Unknown option: ${wrong}\n${usage(argv[0]!)}`);
  const o = new Options();
  let do_conf_dump = false;
  for (const [letter, value] of options) {
    if (letter === 'X' && value === 'dump') do_conf_dump = true;
    else read_option(o, conf, letter, value);
  }
  if (do_conf_dump) {
    conf_dump(conf);
    throw new Done(0, '');
  }
  if (rest.length > 0) throw new Done(1, `Unknown argument: ${rest[0]}\n${usage(argv[0]!)}`);
  if (o.topics.length === 0) throw new Done(1, usage(argv[0]!));
  if (o.read_hdrs && o.mode === 'P') throw new Done(1, '% A producer has no headers to read\n');
  if (o.headers && o.mode !== 'P') throw new Done(1, '% A consumer can not add headers\n');
  if (o.mode === 'C' && o.partitions.length === 0) throw new Done(1, '% -C wants its partitions: -p <num>\n');
  return o;
}

function read_option(o: Options, conf: rd_kafka_conf_t, letter: string, value: string): void {
  const number = (): number => Number.parseInt(value, 10) || 0;
  switch (letter) {
    case 'P':
    case 'C':
      o.mode = letter;
      return;
    case 'G':
      set(conf, 'group.id', value);
      o.mode = 'G';
      return;
    case 't':
      o.topics.push(value);
      return;
    case 'p':
      o.partitions.push(number());
      return;
    case 'b':
      o.brokers = value;
      return;
    case 's':
      o.msgsize = number();
      return;
    case 'k':
      o.key = value;
      return;
    case 'H':
      if (value === 'parse') o.read_hdrs = true;
      else add_header(o, value);
      return;
    case 'c':
      o.msgcnt = number();
      return;
    case 'x':
      o.exit_after = number();
      return;
    case 'D':
      o.sendflags |= RD_KAFKA_MSG_F_FREE;
      return;
    case 'i':
      o.dispintvl = number();
      return;
    case 'm':
      o.msgpattern = value;
      return;
    case 'F':
      o.seq = BigInt(/^\d+/.exec(value)?.[0] ?? 0);
      return;
    case 'R':
      o.seed = number();
      return;
    case 'B':
      o.batch_size = number();
      return;
    case 'o':
      o.start_offset = offset_of(value);
      return;
    default:
      read_more(o, conf, letter, value);
  }
}

function read_more(o: Options, conf: rd_kafka_conf_t, letter: string, value: string): void {
  switch (letter) {
    case 'a':
      set(conf, 'acks', value);
      return;
    case 'z':
      set(conf, 'compression.codec', value);
      o.compression = value;
      return;
    case 'e':
      o.exit_eof = true;
      return;
    case 'd':
      set(conf, 'debug', value);
      return;
    case 'X':
      set_property(conf, value);
      return;
    case 'q':
      o.verbosity--;
      return;
    case 'v':
      o.verbosity++;
      return;
    case 'I':
      o.idle = true;
      return;
    case 'u':
      o.table = true;
      o.verbosity--;
      return;
    case 'r':
      o.rate_sleep = sleep_of(value);
      return;
    case 'l':
      o.latency_mode = true;
      return;
    case 'A':
      o.latency_file = value;
      return;
    case 'M':
      o.incremental = true;
      return;
    case 'N':
      o.with_dr = false;
      return;
    case 'S':
      throw new Done(1, '% -S: this version of the library has no share consumers yet\n');
    case 'T':
    case 'Y':
      throw new Done(1, `% -${letter}: this version of the library has no statistics yet\n`);
    case 'O':
      return; // offsets of reports are there anyway
    default:
      throw new Done(1, `% -${letter} has no meaning, here as in the C program\n`);
  }
}

function set(conf: rd_kafka_conf_t, property: string, value: string): void {
  const errstr = out('');
  if (rd_kafka_conf_set(conf, property, value, errstr) !== RD_KAFKA_CONF_OK) throw new Done(1, `% ${errstr.value}\n`);
}

function set_property(conf: rd_kafka_conf_t, text: string): void {
  if (text === 'list' || text === 'help') {
    rd_kafka_conf_properties_show(stdout);
    throw new Done(0, '');
  }
  const at = text.indexOf('=');
  if (at < 0) throw new Done(1, `% -X wants property=value, not ${text}\n`);
  const [property, value] = [text.slice(0, at), text.slice(at + 1)];
  if (property === 'file') read_conf_file(conf, value);
  else set(conf, property, value);
}

/** Lines of `property=value`; empty ones and those with a # in front don't count. */
function read_conf_file(conf: rd_kafka_conf_t, path: string): void {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Done(1, `% ${(error as Error).message}\n`);
  }
  for (const [i, line] of text.split('\n').entries()) {
    const entry = line.trimStart();
    if (entry === '' || entry.startsWith('#')) continue;
    const at = entry.indexOf('=');
    if (at < 1 || at === entry.length - 1) throw new Done(1, `% ${path}:${i + 1}: this is not property=value\n`);
    const errstr = out('');
    if (rd_kafka_conf_set(conf, entry.slice(0, at), entry.slice(at + 1), errstr) !== RD_KAFKA_CONF_OK)
      throw new Done(1, `% ${path}:${i + 1}: ${errstr.value}\n`);
  }
}

/** `name=value`; a name alone has no value. */
function add_header(o: Options, text: string): void {
  const at = text.indexOf('=');
  o.headers ??= rd_kafka_headers_new(8);
  rd_kafka_header_add(o.headers, at < 0 ? text : text.slice(0, at), at < 0 ? null : text.slice(at + 1));
}

function offset_of(value: string): number {
  if (value === 'end') return RD_KAFKA_OFFSET_END;
  if (value === 'beginning') return RD_KAFKA_OFFSET_BEGINNING;
  if (value === 'stored') return RD_KAFKA_OFFSET_STORED;
  const offset = Number.parseInt(value, 10) || 0;
  return offset < 0 ? RD_KAFKA_OFFSET_TAIL(-offset) : offset;
}

function sleep_of(value: string): number {
  const rate = Number.parseFloat(value);
  if (Number.isNaN(rate) || Math.abs(rate) <= 0.001) throw new Done(1, `% Invalid rate: ${value}\n`);
  return Math.floor(1_000_000 / rate);
}

function conf_dump(conf: rd_kafka_conf_t): void {
  const show = (title: string, arr: readonly string[]): void => {
    stdout.write(`# ${title}\n`);
    for (let i = 0; i < arr.length; i += 2) stdout.write(`${arr[i]} = ${arr[i + 1]}\n`);
    stdout.write('\n');
  };
  show('Global config', rd_kafka_conf_dump(conf));
  const topic_conf = rd_kafka_conf_get_default_topic_conf(conf);
  if (topic_conf) show('Topic config', rd_kafka_topic_conf_dump(topic_conf));
}

function usage(name: string): string {
  return `Usage: ${name} [-C|-P] -t <topic> [-p <partition>] [-b <broker,broker..>] [options..]

librdkafka version ${rd_kafka_version_str()} (0x${rd_kafka_version().toString(16).padStart(8, '0')})

 Options:
  -C | -P |    Consume or produce
  -G <groupid> Consume as a member of a group
  -t <topic>   The topic
  -p <num>     Partition (producer: any unless given); -C takes several
  -M           Print what each interval brought (consumer)
  -b <brokers> Brokers to begin with (host[:port],..)
  -s <size>    Message size (producer)
  -k <key>     Message key (producer)
  -H <name[=value]> A header for each message (producer)
  -H parse     Read the headers (consumer)
  -c <cnt>     How many messages
  -x <cnt>     Exit at once after so many reports (producer)
  -D           F_FREE for each message (changes nothing: payloads are always copied)
  -i <ms>      Time between two lines
  -m <msg>     What payloads are filled with
  -F <start>   A number in front of each payload, from <start> on
  -R <seed>    Random seed (no effect: nothing is random)
  -a <acks>    acks (producer): -1, 0, 1
  -B <size>    Consume in batches of so many messages
  -z <codec>   Compression: none, gzip, snappy, lz4, zstd
  -o <offset>  Where to begin (consumer): beginning, end, stored, NNNNN or -NNNNN from the end
  -e           Exit at the end of the last partition (consumer)
  -d [facs..]  Debug contexts:
               ${RD_KAFKA_DEBUG_CONTEXTS}
  -X <prop=name> Set a configuration property
  -X file=<path> Set those of a file
  -X list      List all properties
  -X dump      Show their values
  -I           Idle: produce nothing
  -q           Less output
  -v           More output
  -u           Output as a table (its column rtt is 0 until the library has statistics)
  -r <rate>    Messages a second at most
  -l           Measure latencies: a producer and a consumer with -l; a producer alone measures its reports
  -A <file>    Write each latency to a file
  -O           Offsets of reports (they are always there)
  -N           No delivery reports (producer)
  -S, -T, -Y   Share groups and statistics: not in this version of the library
`;
}
