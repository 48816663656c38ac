// Conf and TopicConf: what conf_new and topic_conf_new give. A conf owns its default topic conf. @thread app
import { GONE } from '../rd/check.ts';
import { AnyConf, CONF_UNKNOWN, type SetResult } from './anyconf.ts';
import type { Settings, TopicValues } from './settings_type.ts';

/** Topic configuration (rd_kafka_topic_conf_t). */
export class TopicConf extends AnyConf<TopicValues> {
  /** The conf whose default topic conf this is. */
  owner: Conf | null;

  constructor() {
    super('topic');
    this.owner = null;
  }

  get '~type'(): 'rd_kafka_topic_conf_t' {
    return 'rd_kafka_topic_conf_t';
  }

  /** One leading `topic.` of the name is dropped. */
  set(name: string, text: string | null): SetResult {
    return this.setText(name.startsWith('topic.') ? name.slice('topic.'.length) : name, text);
  }

  /** A new one with what was set in this one. */
  dup(): TopicConf {
    const copy = new TopicConf();
    this.copyTo(copy, []);
    return copy;
  }

  /** Ends this object, or does nothing when it is gone or belongs to a conf. */
  [Symbol.dispose](): void {
    if (!this[GONE] && !this.owner) this[GONE] = 'has been destroyed';
  }
}

/** Global configuration (rd_kafka_conf_t). */
export class Conf extends AnyConf<Settings> {
  /** A default topic conf with settings was replaced: warned about later. */
  topicConfOverwritten: boolean;
  /** Made for share_consumer_new. */
  isShareConsumer: boolean;
  /** Why only reading is allowed; '' when writing is. */
  readOnly: string;

  constructor() {
    super('global');
    this.topicConfOverwritten = false;
    this.isShareConsumer = false;
    this.readOnly = '';
  }

  get '~type'(): 'rd_kafka_conf_t' {
    return 'rd_kafka_conf_t';
  }

  get topicConf(): TopicConf | null {
    return this.pointer('default_topic_conf') as TopicConf | null;
  }

  /** A global property, or, when there is none of that name, one of the default topic conf. */
  set(name: string, text: string | null): SetResult {
    const result = this.setText(name, text);
    if (result.code !== CONF_UNKNOWN) return result;
    // Made even for a name that nobody knows, as in librdkafka.
    if (!this.topicConf) this.adopt(new TopicConf());
    return this.topicConf!.set(name, text);
  }

  get(name: string): string | null {
    return this.getText(name) ?? this.topicConf?.getText(name) ?? null;
  }

  /** Takes what `topicConf` holds into a topic conf of its own; `topicConf` is gone then. */
  takeTopicConf(topicConf: TopicConf, by: string): void {
    if (this.topicConf?.modified.includes(true)) this.topicConfOverwritten = true;
    const own = topicConf.dup();
    topicConf[GONE] = `has been taken over by ${by}`;
    this.adopt(own);
  }

  /** A new one with what was set in this one, but for names that begin with one of `filter`. */
  dup(filter: readonly string[] = []): Conf {
    const copy = new Conf();
    this.copyTo(copy, filter);
    const topicConf = copy.topicConf;
    if (topicConf) copy.adopt(topicConf.dup());
    return copy;
  }

  [Symbol.dispose](): void {
    if (!this[GONE] && !this.readOnly) end(this, 'has been destroyed');
  }

  private adopt(topicConf: TopicConf): void {
    if (this.topicConf && this.topicConf.owner === this) this.topicConf[GONE] = 'has been replaced in its conf';
    topicConf.owner = this;
    this.setPointer('default_topic_conf', topicConf);
  }
}

/** The object can't be used from now on, nor can the default topic conf that it owns; `reason` goes into the error. */
export function end(conf: Conf | TopicConf, reason: string): void {
  conf[GONE] = reason;
  const topicConf = conf.scope === 'global' ? (conf as Conf).topicConf : null;
  if (topicConf) topicConf[GONE] = `belongs to a conf that ${reason}`;
}

/** What `new` and `topic_new` do on success. */
export function markTakenOver(conf: Conf | TopicConf, by: string): void {
  end(conf, `has been taken over by ${by}`);
}
