// Door `rdkafka-ts/program`: for ported programs that block: signals, and standard input and output. @thread app
export { getline } from './program/input.ts';
export { type Output, stderr, stdout } from './program/output.ts';
export { type Main, program } from './program/program.ts';
export { type SignalHandler, signal } from './program/signal.ts';
