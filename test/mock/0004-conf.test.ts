// librdkafka's 0004: needs no cluster.
import { expect, test } from 'vitest';
import { RD_KAFKA_PRODUCER } from '../../src/rdkafka.ts';
import { aHandle } from '../kit/builders.ts';
import {
  canonicalValues,
  confOf,
  confOfHandle,
  confSurvivesRefusal,
  debugContextsAddUp,
  defaultTopicConf,
  dumpsOfCopies,
  foreignProperties,
  handlesOfCopies,
  idempotenceRules,
  lingerFitsTimeout,
  refusedByNew,
  wrongContextIsNamed,
} from '../kit/scenarios/0004_conf.ts';

test('a dump shows what was set, and that of a copy is the same', () => {
  dumpsOfCopies();
});

test('handles and topics are made of confs and of their copies', (t) => {
  handlesOfCopies(t);
});

test('debug contexts are added and taken away by plus and minus', () => {
  debugContextsAddUp();
});

test('of several debug contexts only the wrong one is named', () => {
  wrongContextIsNamed();
});

test('values are read back in one form, by each name of a property', () => {
  canonicalValues();
});

test('a conf that rd_kafka_new refused can be corrected and used', () => {
  confSurvivesRefusal();
});

test('acks=1 and idempotence exclude each other', () => {
  const errstr = refusedByNew([
    ['acks', '1'],
    ['enable.idempotence', 'true'],
  ]);

  expect(errstr).toContain('acks');
});

test('a CA file that is not there is refused', () => {
  const errstr = refusedByNew([
    ['security.protocol', 'SSL'],
    ['ssl.ca.location', '/?/does/!/not/exist!'],
  ]);

  expect(errstr).not.toBe('');
});

test('a CA for HTTPS is given as a file or as text, not both', () => {
  const errstr = refusedByNew([
    ['https.ca.pem', '-----BEGIN CERTIFICATE-----'],
    ['https.ca.location', '/path/to/certificate.pem'],
  ]);

  expect(errstr).toMatch(/https\.ca\.(location|pem)/);
});

test('a CA file for HTTPS that is not there is refused', () => {
  const errstr = refusedByNew([['https.ca.location', '/?/does/!/not/exist!']]);

  expect(errstr).toContain('https.ca.location');
});

test('the CA file for HTTPS may be looked for', (t) => {
  expect(aHandle(t, RD_KAFKA_PRODUCER, confOf([['https.ca.location', 'probe']]))).not.toBe(null);
});

test('properties of Java and of our insides are invalid, with a link for those of Java', () => {
  foreignProperties();
});

test('an idempotent producer refuses what breaks its order, as default and of a topic', (t) => {
  idempotenceRules(t);
});

test('the conf of a handle gives back what it was made with', (t) => {
  confOfHandle(t);
});

test('the default topic conf and the conf are one', () => {
  defaultTopicConf();
});

test('linger.ms has to be shorter than message.timeout.ms where it was set', () => {
  lingerFitsTimeout();
});
