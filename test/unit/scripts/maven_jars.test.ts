// Jars from a Maven Central that has bad days: a shell script stands in for mvn.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { mavenJars } from '../../../scripts/maven_jars.mjs';

const ARTIFACTS = ['some.group:artifact:1.0'];
/** Fails as often as the file `fails` says, then puts a jar where it is told to. */
const MVN = `#!/bin/sh
[ "$1" = -version ] && exit 0
cd "$(dirname "$0")"
echo "$*" >> calls
if [ $(wc -l < calls) -le $(cat fails) ]; then echo 'Connection reset'; exit 1; fi
for arg in "$@"; do case $arg in -DoutputDirectory=*) touch "\${arg#*=}/some.jar" ;; esac; done
`;

let bin = '';
let home = '';
const path = process.env['PATH'];

beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'rdkafka-ts-mvn-'));
  home = join(bin, 'home');
  writeFileSync(join(bin, 'mvn'), MVN, { mode: 0o755 });
  writeFileSync(join(bin, 'java'), '#!/bin/sh\n', { mode: 0o755 });
  process.env['PATH'] = `${bin}:${path}`;
  vi.spyOn(console, 'error').mockImplementation(() => {});
});

afterEach(() => {
  process.env['PATH'] = path;
  rmSync(bin, { recursive: true });
  vi.restoreAllMocks();
});

function failing(times: number): void {
  writeFileSync(join(bin, 'fails'), `${times}\n`);
}

const calls = (): string[] => readFileSync(join(bin, 'calls'), 'utf8').trimEnd().split('\n');
const names = async (): Promise<string[]> =>
  (await mavenJars(ARTIFACTS, { home, restsMs: [1, 1] })).map((jar) => basename(jar));

test('a fetch that fails is tried again, and then does not believe what Maven remembers of the failure', async () => {
  failing(2);

  expect(await names()).toEqual(['some.jar']);

  expect(calls().map((args) => args.split(' ').includes('-U'))).toEqual([false, true, true]);
});

test('what was fetched is not fetched again', async () => {
  failing(0);
  await names();

  expect(await names()).toEqual(['some.jar']);

  expect(calls()).toHaveLength(1);
});

test('when all tries have failed the error says what was wanted, how often, and what Maven said', async () => {
  failing(9);

  await expect(names()).rejects.toThrow(
    /some\.group:artifact:1\.0, 3 times in a row[\s\S]*settings\.xml[\s\S]*Connection reset/,
  );

  expect(readdirSync(home)).toEqual([]);
});

test('a folder that a killed fetch has left half full is filled anew', async () => {
  failing(0);
  const [jar] = await mavenJars(ARTIFACTS, { home, restsMs: [] });
  rmSync(join(jar!, '../complete'));
  writeFileSync(join(jar!, '../half.jar'), '');

  expect(await names()).toEqual(['some.jar']);
});

test('what fetches have left that were killed long ago is removed, what others fetch now is not', async () => {
  failing(0);
  for (const name of ['fetch-old', 'fetch-now']) mkdirSync(join(home, name), { recursive: true });
  utimesSync(join(home, 'fetch-old'), 1, 1);

  await names();

  expect([existsSync(join(home, 'fetch-old')), existsSync(join(home, 'fetch-now'))]).toEqual([false, true]);
});
