// rd_kafka_mock_request_t: one request that a mock broker received while tracking was on. @thread app

import { GONE } from '../rd/check.ts';

export class MockRequest {
  readonly brokerId: number;
  readonly apiKey: number;
  /** Microseconds of the mock worker's monotonic clock. */
  readonly timestamp: number;
  '~gone': string;

  constructor(brokerId: number, apiKey: number, timestamp: number) {
    this.brokerId = brokerId;
    this.apiKey = apiKey;
    this.timestamp = Math.floor(timestamp);
    this[GONE] = '';
  }

  get '~type'(): 'rd_kafka_mock_request_t' {
    return 'rd_kafka_mock_request_t';
  }

  destroy(): void {
    this[GONE] = 'has been destroyed';
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}
