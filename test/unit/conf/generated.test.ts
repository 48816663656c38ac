import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { generateConf } from '../../../scripts/generate_conf.mjs';
import { renderManual, renderProperties } from '../../../src/conf/manual.ts';
import { PROPERTIES } from '../../../src/conf/properties.ts';

const root = new URL('../../../', import.meta.url);

it('settings_type.ts and docs/configuration.md are what the table gives now', async () => {
  for (const [path, text] of Object.entries(await generateConf())) {
    const url = new URL(path, root);
    expect(existsSync(url) && readFileSync(url, 'utf8') === text, `run node scripts/generate_conf.mjs: ${path}`).toBe(
      true,
    );
  }
});

it('the manual has one line for each property that is not hidden', () => {
  const lines = renderManual().split('\n');
  const visible = [...PROPERTIES.global, ...PROPERTIES.topic].filter((row) => !row.hidden && row.type !== 'invalid');

  expect(lines.filter((line) => line.startsWith('| `')).length).toBe(visible.length);
});

it('every table line of the manual has seven cells', () => {
  const lines = renderProperties()
    .split('\n')
    .filter((line) => line.startsWith('|'));

  expect(lines.filter((line) => line.split(/(?<!\\)\|/).length !== 9)).toEqual([]);
});

it('the manual shows what has no effect, and which values', () => {
  const text = renderManual();

  expect(text).toMatch(/\| `statistics\.interval\.ms` .* \| \*\*not yet\*\* \|/);
  expect(text).toMatch(/\| `socket\.send\.buffer\.bytes` .* \| \*\*never\*\*: Node can't/);
  expect(text).toMatch(/\| `socket\.timeout\.ms` \| \\\* \| 10 \.\. 300000 \| `60000` \| low \| {2}\|/);
});
