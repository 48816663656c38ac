// librdkafka's 0099 and 0140.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { metadataThereAndBack } from '../kit/scenarios/0099_commit_metadata.ts';

test('metadata of a commit with a NUL in it comes back whole', async (t) => {
  await metadataThereAndBack(t, aCluster(t, 1), Buffer.from('Hello\0world!'));
});

test('metadata of a commit is bytes, not text', async (t) => {
  await metadataThereAndBack(t, aCluster(t, 1), Buffer.from([0xff, 0, 0xc3, 0x28, 0x80]));
});
