// ApiVersions v0-4: exactly what is served, as mock_set_apiversion has left it. A version that is not served gets
// error 35 and our range in an answer of version 0. @thread mock
import type { ApiName } from '../../defs/api_name.ts';
import { APIS } from '../../protocol/api.ts';
import type { Body } from '../../protocol/compile.ts';
import type { ApiVersionsResponse } from '../../protocol/messages.ts';
import type { MockCluster } from '../cluster.ts';
import { E } from '../codes.ts';
import type { Handler } from '../context.ts';
import type { HandledName } from './table.ts';

interface Range {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

function range(cluster: MockCluster, name: HandledName): Range {
  const { min, max } = cluster.versionsOf(name);
  // Kafka 4 says 0 for Produce too: librdkafka takes a broker without it for one that has no compression.
  const minVersion = name === 'Produce' && min === APIS.Produce.min ? 0 : min;
  return { apiKey: APIS[name as ApiName].key, minVersion, maxVersion: max };
}

/** The answer to an ApiVersions request of a version that is not served, to be sent in version 0. */
export function unsupportedApiVersions(cluster: MockCluster): Body<ApiVersionsResponse> {
  return { errorCode: E.UNSUPPORTED_VERSION, apiKeys: [range(cluster, 'ApiVersions')] };
}

export const apiVersions: Handler<'ApiVersions'> = (cx, _request, answer) => {
  const { cluster } = cx;
  const apiKeys = cluster
    .handledNames()
    .map((name) => range(cluster, name))
    .filter(({ maxVersion }) => maxVersion >= 0);
  answer({ errorCode: cx.error, apiKeys });
};
