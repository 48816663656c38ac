import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { get_debug_contexts, package_version, version, version_str } from '../../../src/api/version.ts';

test('version names the librdkafka whose interface this is', () => {
  expect(version()).toBe(0x020f00ff);
  expect(version_str()).toBe('2.15.0');
});

test('package_version is the one of package.json', () => {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');

  expect(package_version).toBe((JSON.parse(text) as { version: string }).version);
});

test('the debug contexts are listed with commas', () => {
  expect(get_debug_contexts().split(',')).toContain('cgrp');
});
