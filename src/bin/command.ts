// Which subcommand is meant, and what is said when none is. @thread app
import { package_version, version_str } from '../api/version.ts';
import { DEMO_HELP, demo } from './demo/demo.ts';
import { MOCK_HELP, mock } from './mock.ts';
import { Usage } from './options.ts';

/** Ended by what the user typed. */
const BAD_USAGE = 2;

const HELP = `rdkafka-ts: librdkafka's API and behaviour in TypeScript, and what goes with it

  rdkafka-ts demo [options]   produces and consumes through a cluster on which a broker goes down
  rdkafka-ts mock [options]   runs a mock Kafka cluster for any client until Ctrl-C
  rdkafka-ts help [command]   this text, or a command's options
  rdkafka-ts version          the version of the package and of librdkafka's interface
`;

/** Runs the command named by the first argument; gives the exit code. Writes to stdout, and to stderr what is wrong. */
export async function runCommand(program: string, args: readonly string[]): Promise<number> {
  const [command = 'help', ...rest] = args;
  try {
    if (command === 'version' || command === '--version' || command === '-V') return say(versionText());
    if (command === 'help' || command === '--help' || command === '-h') return say(helpText(rest[0]));
    if (rest.includes('--help') || rest.includes('-h')) return say(helpText(command));
    if (command === 'mock') return await mock(rest);
    if (command === 'demo') return await demo(rest);
    throw new Usage(`there is no command "${command}"; rdkafka-ts help lists them`);
  } catch (error) {
    if (!(error instanceof Usage)) throw error;
    process.stderr.write(`${program}: ${error.message}\n`);
    return BAD_USAGE;
  }
}

function say(text: string): number {
  process.stdout.write(text);
  return 0;
}

function versionText(): string {
  return `rdkafka-ts ${package_version} (the interface of librdkafka ${version_str()}), Node ${process.version}\n`;
}

function helpText(command: string | undefined): string {
  if (command === undefined) return HELP;
  if (command === 'mock') return MOCK_HELP;
  if (command === 'demo') return DEMO_HELP;
  throw new Usage(`there is no command "${command}"`);
}
