// Rules for TLS, HTTPS, OAUTHBEARER and SASL settings that don't fit together. @thread app
import { statSync } from 'node:fs';
import type { Conf } from './conf.ts';
import type { Rule } from './finalize_types.ts';
import type { Settings } from './settings_type.ts';

type Name = keyof Settings & string;

function isSet(conf: Conf, name: Name): boolean {
  return conf.value(name) !== null && conf.value(name) !== '';
}

function exclusive(a: string, b: string): string {
  return `\`${a}\` and \`${b}\` exclude each other`;
}

const keystore: Rule = ({ conf }) =>
  isSet(conf, 'ssl.keystore.location') && !isSet(conf, 'ssl.keystore.password')
    ? '`ssl.keystore.location` needs `ssl.keystore.password`'
    : null;

const certificateAuthority: Rule = ({ conf }) =>
  conf.pointer('ssl_ca') !== null && (isSet(conf, 'ssl.ca.location') || isSet(conf, 'ssl.ca.pem'))
    ? 'CA certificates from conf_set_ssl_cert exclude `ssl.ca.location` and `ssl.ca.pem`'
    : null;

const httpsTwice: Rule = ({ conf }) =>
  isSet(conf, 'https.ca.location') && isSet(conf, 'https.ca.pem')
    ? exclusive('https.ca.location', 'https.ca.pem')
    : null;

const httpsLocation: Rule = ({ conf }) => {
  const path = conf.value('https.ca.location');
  if (path === null || path === 'probe') return null;
  return statSync(path, { throwIfNoEntry: false }) ? null : '`https.ca.location` must be a file or folder that exists';
};

/** OAUTHBEARER's own rules run only when it is the mechanism. */
const unsecureTokens: Rule = ({ conf }) =>
  isOauthbearer(conf) &&
  conf.value('enable.sasl.oauthbearer.unsecure.jwt') &&
  conf.pointer('oauthbearer_token_refresh_cb') !== null
    ? exclusive('enable.sasl.oauthbearer.unsecure.jwt', 'oauthbearer_token_refresh_cb')
    : null;

function isOauthbearer(conf: Conf): boolean {
  return conf.value('sasl.mechanisms')?.toUpperCase() === 'OAUTHBEARER';
}

function isOidc(conf: Conf): boolean {
  return isOauthbearer(conf) && conf.value('sasl.oauthbearer.method') === 'oidc';
}

const oidcUnsecure: Rule = ({ conf }) =>
  isOidc(conf) && conf.value('enable.sasl.oauthbearer.unsecure.jwt')
    ? exclusive('enable.sasl.oauthbearer.unsecure.jwt', 'sasl.oauthbearer.method=oidc')
    : null;

const oidcEndpoint: Rule = ({ conf }) => {
  if (!isOidc(conf) || isSet(conf, 'sasl.oauthbearer.token.endpoint.url')) return null;
  const source = conf.value('sasl.oauthbearer.metadata.authentication.type');
  if (source === 'aws_iam') return null;
  if (source !== 'azure_imds') return '`sasl.oauthbearer.method=oidc` needs `sasl.oauthbearer.token.endpoint.url`';
  return hasKey(conf.value('sasl.oauthbearer.config') ?? '', 'query')
    ? null
    : 'azure_imds needs `sasl.oauthbearer.token.endpoint.url`, or `query` in `sasl.oauthbearer.config`';
};

function hasKey(config: string, key: string): boolean {
  return config.split(',').some((pair) => pair.trim().startsWith(`${key}=`));
}

function grant(conf: Conf): string | null {
  if (!isOidc(conf) || conf.value('sasl.oauthbearer.metadata.authentication.type') !== 'none') return null;
  return conf.value('sasl.oauthbearer.grant.type');
}

const oidcClient: Rule = ({ conf }) => {
  if (grant(conf) !== 'client_credentials') return null;
  const missing = (['sasl.oauthbearer.client.id', 'sasl.oauthbearer.client.secret'] as const).find(
    (name) => !isSet(conf, name),
  );
  return missing ? `\`sasl.oauthbearer.method=oidc\` needs \`${missing}\`` : null;
};

const ASSERTION = 'sasl.oauthbearer.assertion';
const WITHOUT_FILE = ['private.key.file', 'private.key.pem', 'private.key.passphrase', 'jwt.template.file'] as const;
const CLAIMS = ['claim.sub', 'claim.aud', 'claim.iss'] as const;
const CLAIMS_WITH_DEFAULT = ['claim.jti.include', 'claim.exp.seconds', 'claim.nbf.seconds'] as const;

const oidcAssertion: Rule = ({ conf }) => {
  if (grant(conf) !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') return null;
  if (!isSet(conf, `${ASSERTION}.file`)) return assertionKey(conf);
  const other =
    [...WITHOUT_FILE, ...CLAIMS].find((name) => isSet(conf, `${ASSERTION}.${name}`)) ??
    CLAIMS_WITH_DEFAULT.find((name) => conf.isModified(`${ASSERTION}.${name}`));
  return other ? exclusive(`${ASSERTION}.file`, `${ASSERTION}.${other}`) : null;
};

function assertionKey(conf: Conf): string | null {
  const file = isSet(conf, `${ASSERTION}.private.key.file`);
  const pem = isSet(conf, `${ASSERTION}.private.key.pem`);
  if (file && pem) return exclusive(`${ASSERTION}.private.key.file`, `${ASSERTION}.private.key.pem`);
  if (file || pem) return null;
  return `the jwt-bearer grant needs \`${ASSERTION}.private.key.file\` or \`${ASSERTION}.private.key.pem\``;
}

const EVENT_BACKGROUND = 0x200;

const oidcBackground: Rule = ({ conf }) => {
  if (!isOidc(conf) || conf.pointer('oauthbearer_token_refresh_cb') !== null) return;
  conf.adjust('enabled_events', conf.value('enabled_events') | EVENT_BACKGROUND);
  conf.adjust('enable_sasl_queue', true);
};

const oidcSubject: Rule = ({ conf }) =>
  isOidc(conf) &&
  conf.isModified('sasl.oauthbearer.sub.claim.name') &&
  (conf.value('sasl.oauthbearer.sub.claim.name') ?? '').trim() === ''
    ? '`sasl.oauthbearer.sub.claim.name` must not be blank'
    : null;

/** In librdkafka's order: of several faults the first is reported. */
export const SECURITY_RULES: readonly Rule[] = [
  keystore,
  certificateAuthority,
  httpsTwice,
  httpsLocation,
  unsecureTokens,
  oidcUnsecure,
  oidcEndpoint,
  oidcClient,
  oidcAssertion,
  oidcBackground,
  oidcSubject,
];

const mechanism: Rule = ({ conf }) => {
  if (!conf.value('security.protocol').startsWith('sasl_')) return null;
  const name = conf.value('sasl.mechanisms') ?? '';
  const scram = name.startsWith('SCRAM-SHA-');
  if (!scram && !['GSSAPI', 'PLAIN', 'OAUTHBEARER'].includes(name)) return `unsupported SASL mechanism: ${name}`;
  if (name === 'GSSAPI') return 'SASL mechanism GSSAPI is not supported: it needs a native Kerberos library';
  if ((scram || name === 'PLAIN') && (conf.value('sasl.username') === null || conf.value('sasl.password') === null)) {
    return `SASL mechanism ${name} needs \`sasl.username\` and \`sasl.password\``;
  }
  if (scram && !['1', '256', '512'].includes(name.slice('SCRAM-SHA-'.length))) {
    return `unsupported hash function of SASL mechanism ${name}: try SCRAM-SHA-512`;
  }
  return null;
};

/** Never plaintext where something safer was asked for. */
const onlyPlaintext: Rule = ({ conf }) => {
  const protocol = conf.value('security.protocol');
  return protocol === 'plaintext' ? null : `\`security.protocol=${protocol}\` is not supported yet: only plaintext is`;
};

/** Checked last, when the handle is made. */
export const PROTOCOL_RULES: readonly Rule[] = [mechanism, onlyPlaintext];
