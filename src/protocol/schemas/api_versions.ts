// What a broker speaks. Its answers always have header version 0, and an unsupported version is answered in version 0.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const API_VERSIONS: Api = api(18, 'ApiVersions', '0-4', 3, [
  f('clientSoftwareName', 'string', '3+', { ignorable: true }),
  f('clientSoftwareVersion', 'string', '3+', { ignorable: true }),
], [
  f('errorCode', 'int16', '0+'),
  f('apiKeys', '[]ApiVersion', '0+', {}, [
    f('apiKey', 'int16', '0+'),
    f('minVersion', 'int16', '0+'),
    f('maxVersion', 'int16', '0+'),
  ]),
  f('throttleTimeMs', 'int32', '1+', { ignorable: true }),
  f('supportedFeatures', '[]SupportedFeatureKey', '3+', { ignorable: true, tag: 0 }, [
    f('name', 'string', '3+'),
    f('minVersion', 'int16', '3+'),
    f('maxVersion', 'int16', '3+'),
  ]),
  f('finalizedFeaturesEpoch', 'int64', '3+', { default: -1, ignorable: true, tag: 1 }),
  f('finalizedFeatures', '[]FinalizedFeatureKey', '3+', { ignorable: true, tag: 2 }, [
    f('name', 'string', '3+'),
    f('maxVersionLevel', 'int16', '3+'),
    f('minVersionLevel', 'int16', '3+'),
  ]),
  f('zkMigrationReady', 'bool', '3+', { ignorable: true, tag: 3 }),
]);
