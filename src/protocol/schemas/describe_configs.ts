// Configuration of topics and brokers.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const DESCRIBE_CONFIGS: Api = api(32, 'DescribeConfigs', '0-4', 4, [
  f('resources', '[]DescribeConfigsResource', '0+', {}, [
    f('resourceType', 'int8', '0+'),
    f('resourceName', 'string', '0+'),
    f('configurationKeys', '[]string', '0+', { nullable: '0+' }),
  ]),
  f('includeSynonyms', 'bool', '1+'),
  f('includeDocumentation', 'bool', '3+'),
], [
  f('throttleTimeMs', 'int32', '0+'),
  f('results', '[]DescribeConfigsResult', '0+', {}, [
    f('errorCode', 'int16', '0+'),
    f('errorMessage', 'string', '0+', { nullable: '0+' }),
    f('resourceType', 'int8', '0+'),
    f('resourceName', 'string', '0+'),
    f('configs', '[]DescribeConfigsResourceResult', '0+', {}, [
      f('name', 'string', '0+'),
      f('value', 'string', '0+', { nullable: '0+' }),
      f('readOnly', 'bool', '0+'),
      f('isDefault', 'bool', '0'),
      f('configSource', 'int8', '1+', { default: -1, ignorable: true }),
      f('isSensitive', 'bool', '0+'),
      f('synonyms', '[]DescribeConfigsSynonym', '1+', { ignorable: true }, [
        f('name', 'string', '1+'),
        f('value', 'string', '1+', { nullable: '0+' }),
        f('source', 'int8', '1+'),
      ]),
      f('configType', 'int8', '3+', { ignorable: true }),
      f('documentation', 'string', '3+', { nullable: '0+', ignorable: true }),
    ]),
  ]),
]);
