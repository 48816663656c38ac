// Runs scripts/vectors/*.java on a release of Kafka: the codec and the assignors that ours are compared with.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { loadSchemas } from '../generate_messages.mjs';
import { mavenJars } from '../maven_jars.mjs';

/** Two releases: 4.1 has the newest versions, 3.9 those that 4.0 removed. */
export const RELEASES = ['4.1.0', '3.9.0'];

/** Runs the program and gives its lines, parsed. `input` are the lines of its standard input. */
async function vectors(release, args, input = [], name = 'Vectors.java') {
  const jars = await mavenJars([
    `org.apache.kafka:kafka-clients:${release}`,
    'com.fasterxml.jackson.core:jackson-databind:2.19.0',
  ]);
  const program = fileURLToPath(new URL(name, import.meta.url));
  const java = spawn('java', ['-Xmx512m', '-cp', jars.join(':'), program, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const [out, err] = [[], []];
  java.stdout.on('data', (chunk) => out.push(chunk));
  java.stderr.on('data', (chunk) => err.push(chunk));
  java.stdin.on('error', () => {}); // a program that died early shows in its exit code
  java.stdin.end(input.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const code = await new Promise((resolve, reject) => java.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`${name} ended with ${code}:\n${Buffer.concat(err)}`);
  return Buffer.concat(out)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** Every message that we have a schema for, with its versions, as Vectors.java names them. */
export async function everyMessage() {
  const { APIS, STRUCTS } = await loadSchemas();
  const spoken = Object.values(APIS).filter((api) => api.max >= 0);
  const rows = spoken.flatMap(({ name, min, latest }) => [
    `${name}Request:${min}-${latest}`,
    `${name}Response:${min}-${latest}`,
  ]);
  return [...rows, ...Object.values(STRUCTS).map(({ name, versions }) => `${name}:${versions.from}-${versions.to}`)];
}

/** Random messages written by Kafka: `count` of each version that the release has. */
export async function writtenByKafka(release, seed, count, messages) {
  return vectors(release, ['write', String(seed), String(count), ...messages]);
}

/** What Kafka sees in bytes that we wrote. */
export async function readByKafka(release, lines) {
  return vectors(release, ['read'], lines);
}

const TOLD = ['name', 'type', 'versions', 'nullableVersions', 'taggedVersions', 'tag', 'default', 'ignorable'];

/** `common` are the structs that a message defines once and uses by name. */
function stripped(fields, common) {
  return fields.map((field) => {
    const own = Object.fromEntries(TOLD.filter((key) => key in field).map((key) => [key, field[key]]));
    const inner = field.fields ?? common.find(({ name }) => name === field.type.replace('[]', ''))?.fields;
    return inner === undefined ? own : { ...own, fields: stripped(inner, common) };
  });
}

/** Kafka's definitions of the messages (rows as `everyMessage` gives them), reduced to what decides about bytes. */
export async function definedByKafka(release, messages) {
  const definitions = await vectors(release, ['define', ...messages.map((row) => row.split(':')[0])]);
  return definitions.map(({ name, validVersions, flexibleVersions, fields, commonStructs = [] }) => {
    return { message: name, validVersions, flexibleVersions, fields: stripped(fields, commonStructs) };
  });
}

/** Random groups, each of several rounds, as Kafka's assignors split them; and, last, what cooperative-sticky sends along. */
export async function assignedByKafka(release, seed, groups) {
  const lines = await vectors(release, [String(seed), String(groups)], [], 'Assignors.java');
  const { userData } = lines.pop();
  return { rounds: lines, userData };
}
