// rd_kafka_Node_t: a broker as answers of admin calls name it. @thread any

export class Node {
  readonly id: number;
  /** null when the answer named only the id. */
  readonly host: string | null;
  readonly port: number;
  readonly rack: string | null;

  constructor(id: number, host: string | null, port: number, rack: string | null) {
    this.id = id;
    this.host = host;
    this.port = port;
    this.rack = rack;
  }

  get '~type'(): 'rd_kafka_Node_t' {
    return 'rd_kafka_Node_t';
  }
}
