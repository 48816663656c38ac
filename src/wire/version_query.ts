// The first exchange of every connection: which versions does the broker speak? @thread main|broker
import {
  RD_KAFKA_RESP_ERR__BAD_MSG as BAD_MSG,
  RD_KAFKA_RESP_ERR_NO_ERROR as NO_ERROR,
  RD_KAFKA_RESP_ERR__TRANSPORT as TRANSPORT,
} from '../defs/enums.generated.ts';
import { errorText } from '../defs/errors.ts';
import type { WireRequest } from './requests.ts';
import type { ConnectionSettings } from './settings.ts';
import { type BrokerVersions, FIRST_QUERY, nextQueryVersion, readApiVersions } from './versions.ts';

const ERR = 3;
const WARNING = 4;

/** The connection, as the query sees it. */
export interface Asker {
  /** Writes a request ahead of all that are queued. */
  ask(request: WireRequest, version: number): void;
  /** The connection can't be used. */
  unusable(level: number, code: number, reason: string): void;
  /** `versions` is there. */
  answered(): void;
}

/**
 * Asks in version 3 first. A broker that lacks it says so, and is asked again on the same connection; or it hangs up,
 * and is asked in version 0 on the next one.
 */
export class VersionQuery {
  /** What the last answer said; null before the first one. */
  versions: BrokerVersions | null;
  private readonly settings: ConnectionSettings;
  private readonly asker: Asker;
  private first: number;
  /** Counts connections: an answer of an old one is nobody's. */
  private attempt: number;

  constructor(settings: ConnectionSettings, asker: Asker) {
    this.versions = null;
    this.settings = settings;
    this.asker = asker;
    this.first = FIRST_QUERY;
    this.attempt = 0;
  }

  /** On a new connection. */
  start(): void {
    this.attempt++;
    this.ask(this.first);
  }

  /** The connection is gone. */
  stop(): void {
    this.attempt++;
  }

  /** The broker hung up instead of answering. */
  hungUp(): void {
    this.first = this.first === 0 ? FIRST_QUERY : 0;
  }

  private ask(version: number): void {
    const attempt = this.attempt;
    const request: WireRequest = {
      name: 'ApiVersions',
      timeoutMs: this.settings['api.version.request.timeout.ms'],
      decode: 'frame',
      body: {
        clientSoftwareName: this.settings['client.software.name'],
        // Brokers refuse an empty one.
        clientSoftwareVersion: this.settings['client.software.version'] ?? 'unknown',
      },
      done: (error, _response, asked, frame) => {
        // After an error the connection has failed, or is about to, by itself.
        if (error === NO_ERROR && frame !== null && attempt === this.attempt) this.answer(asked, frame);
      },
    };
    this.asker.ask(request, version);
  }

  private answer(asked: number, frame: Uint8Array): void {
    let answer: { errorCode: number; versions: BrokerVersions };
    try {
      answer = readApiVersions(frame, asked);
    } catch (error) {
      this.asker.unusable(ERR, BAD_MSG, `Protocol error: ${(error as Error).message}`);
      return;
    }
    const again = nextQueryVersion(asked, answer.errorCode, answer.versions);
    if (again >= 0) this.ask(again);
    else if (answer.errorCode !== NO_ERROR) {
      this.asker.unusable(WARNING, TRANSPORT, `ApiVersions request failed: ${errorText(answer.errorCode)}`);
    } else {
      this.versions = answer.versions;
      this.first = FIRST_QUERY;
      this.asker.answered();
    }
  }
}
