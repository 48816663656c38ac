import { expect, test } from 'vitest';
import { generateMessages } from '../../../scripts/generate_messages.mjs';

test('the generated interfaces, names and keys are those of the schemas and of reference/apis.tsv', async () => {
  expect(await generateMessages(true)).toEqual([]);
});
