// Takes out of test/header.missing.json what the doors export by now. Never adds: a function that is neither exported nor
// listed makes test/header.test.ts fail. Run after scripts/generate_doors.mjs.
import { readFileSync, writeFileSync } from 'node:fs';
import { exportsOf } from './generate_doors.mjs';

const file = new URL('../test/header.missing.json', import.meta.url);
const doors = ['rdkafka', 'rdkafka_mock'].map((door) =>
  readFileSync(new URL(`../src/${door}.ts`, import.meta.url), 'utf8'),
);
const exported = new Set(doors.flatMap((text) => [...exportsOf(text).values]));
const before = Object.entries(JSON.parse(readFileSync(file, 'utf8')));
const after = before.filter(([name]) => !exported.has(name));
writeFileSync(file, `${JSON.stringify(Object.fromEntries(after), null, 2)}\n`);
console.log(`${before.length - after.length} found, ${after.length} still missing`);
