// A Java program of test/real beside a test: it takes commands, one a line, and answers each with lines up to "end".
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findJava } from '../../scripts/kafka.mjs';
import { mavenJars } from '../../scripts/maven_jars.mjs';
import { until } from './until.ts';

const FAST_START = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
const WAIT_MS = 90_000;

export class JavaPeer {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: string[];
  private errors: string;

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.child = child;
    this.lines = [];
    this.errors = '';
    createInterface({ input: child.stdout }).on('line', (each) => this.lines.push(each));
    child.stderr.on('data', (chunk: Buffer) => {
      this.errors += chunk;
    });
  }

  /** Runs `test/real/<program>.java` with kafka-clients on the class path and the bootstrap servers as its argument. */
  static async start(program: string, bootstrap: string): Promise<JavaPeer> {
    const classPath = (await mavenJars(['org.apache.kafka:kafka-clients:4.1.0'])).join(':');
    const source = fileURLToPath(new URL(`../real/${program}.java`, import.meta.url));
    return new JavaPeer(spawn(findJava(), [...FAST_START, '-cp', classPath, source, bootstrap]));
  }

  /** The lines of the answer. */
  async ask(command: string): Promise<string[]> {
    this.child.stdin.write(`${command}\n`);
    const ended = (): boolean => this.child.exitCode !== null;
    await until(() => this.lines.at(-1) === 'end' || ended(), { deadline_ms: WAIT_MS, what: () => this.errors });
    if (ended()) throw new Error(`the Java client ended: ${this.errors}`);
    return this.lines.splice(0).slice(0, -1);
  }

  close(): void {
    this.child.kill('SIGKILL');
  }
}
