import { expect, test } from 'vitest';
import { APIS, STRUCTS } from '../../../src/protocol/api.ts';
import { decodeMessage, encodeMessage } from '../../kit/codec.ts';
import { plain, structOf } from '../../kit/kafka_json.ts';
import { randomMessage, SeededRandom } from '../../kit/random_message.ts';

const spoken = Object.values(APIS).filter((api) => api.max >= 0);
const messages = [...spoken.flatMap(({ name }) => [`${name}Request`, `${name}Response`]), ...Object.keys(STRUCTS)];

test.each(messages)('%s is decoded to what was encoded, in every version', (message) => {
  const random = new SeededRandom(7);
  const struct = structOf(message);

  for (let version = struct.versions.from; version <= struct.versions.to; version++) {
    for (let i = 0; i < 10; i++) {
      const value = randomMessage(struct, version, random);
      const back = decodeMessage(message, version, encodeMessage(message, version, value));
      expect(plain(back), `v${version}`).toEqual(plain(value));
    }
  }
});
