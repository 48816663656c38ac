// librdkafka's 0017 on the mock cluster.
import { describe, test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { CODECS, throughCodec } from '../kit/scenarios/0017_compression.ts';

describe.each(CODECS)('codec %s', (codec) => {
  test('of the topic: messages arrive whole, and compressed where that helps', async (t) => {
    await throughCodec(t, aCluster(t, 1), codec, 'topic');
  });

  test('of the handle: messages arrive whole, and compressed where that helps', async (t) => {
    await throughCodec(t, aCluster(t, 1), codec, 'handle');
  });
});
