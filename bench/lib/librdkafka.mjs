// Builds librdkafka's side of the bench into bench/build: its own rdkafka_performance, and our client.c for the rest.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const c = fileURLToPath(new URL('../c', import.meta.url));
const folder = fileURLToPath(new URL('../build', import.meta.url));
const DEBIAN = '/usr/share/doc/librdkafka-dev/examples';

function compile(out, source, flags) {
  const args = ['-O2', '-w', '-o', join(folder, out), source, ...flags];
  const { status, stderr, error } = spawnSync('gcc', args, { encoding: 'utf8' });
  if (error) throw new Error('gcc is missing: apt-get install gcc');
  if (status !== 0) throw new Error(`gcc ${args.join(' ')}\n${stderr}`);
}

function fromTree(tree) {
  const library = ['so.1', '1.dylib'].map((end) => join(tree, 'src', `librdkafka.${end}`)).find(existsSync);
  if (!library) throw new Error(`LIBRDKAFKA_SRC=${tree} is not built: run ./configure && make -C src in it`);
  const include = join(folder, 'include');
  mkdirSync(include, { recursive: true });
  rmSync(join(include, 'librdkafka'), { force: true });
  symlinkSync(join(tree, 'src'), join(include, 'librdkafka'));
  const link = [library, `-Wl,-rpath,${join(tree, 'src')}`, '-lpthread', '-lz', '-lm'];
  compile('rdkafka_performance', join(tree, 'examples/rdkafka_performance.c'), [`-I${join(tree, 'src')}`, ...link]);
  compile('client', join(c, 'client.c'), [`-I${include}`, ...link]);
}

function fromDebian() {
  if (!existsSync('/usr/include/librdkafka/rdkafka.h'))
    throw new Error(
      'librdkafka is missing: apt-get install librdkafka-dev gcc, or name a built source tree in LIBRDKAFKA_SRC',
    );
  const found = existsSync(DEBIAN) && readdirSync(DEBIAN).find((file) => /^rdkafka_performance\.c(\.gz)?$/.test(file));
  if (!found)
    throw new Error(
      `${DEBIAN}/rdkafka_performance.c is missing (images that leave out /usr/share/doc do this): ` +
        'reinstall librdkafka-dev with its documentation, or name a built source tree in LIBRDKAFKA_SRC',
    );
  let source = join(DEBIAN, found);
  if (found.endsWith('.gz')) {
    const text = gunzipSync(readFileSync(source));
    source = join(folder, 'rdkafka_performance.c');
    writeFileSync(source, text);
  }
  const shim = [`-I${join(c, 'shim/include')}`, `-I${join(c, 'shim/src')}`];
  compile('rdkafka_performance', source, [...shim, '-lrdkafka', '-lz']);
  compile('client', join(c, 'client.c'), ['-lrdkafka']);
}

/** Gives the paths of both programs and the library's version, or throws with what to install. */
export function buildLibrdkafka() {
  mkdirSync(folder, { recursive: true });
  const tree = process.env.LIBRDKAFKA_SRC;
  if (tree) fromTree(tree);
  else fromDebian();
  const client = join(folder, 'client');
  const { stdout } = spawnSync(client, ['version'], { encoding: 'utf8' });
  const { version } = JSON.parse(stdout.slice('RESULT '.length));
  return { performance: join(folder, 'rdkafka_performance'), client, version, from: tree ?? 'librdkafka-dev' };
}
