export interface KafkaBroker {
  readonly id: number;
  /** Where it is, or was last. */
  readonly port: number;
  /** The path of its log file. */
  readonly log: string;
  /** Ends the broker at once (SIGKILL); the cluster notices after 3 s. */
  kill(): Promise<void>;
  /** Ends the broker in order (SIGTERM): its leaderships move first. */
  shutdown(): Promise<void>;
  /** Starts it again on the same data, and the same port unless another is given; settles when it serves clients. */
  restart(options?: { port?: number }): Promise<void>;
}
export interface KafkaCluster {
  /** For `bootstrap.servers`, as the brokers' ports are now. */
  readonly bootstrap: string;
  /** The temporary folder with its data and logs. */
  readonly folder: string;
  readonly brokers: readonly KafkaBroker[];
  /** Ends all brokers at once and removes the folder. */
  stop(): Promise<void>;
}
export interface KafkaOptions {
  /** How many brokers (1). */
  brokers?: number;
  /** The first broker's port, the others take the next ones; free ones otherwise. */
  port?: number;
  /** Of each Java process: '1g', with several brokers '512m'. */
  heap?: string;
  /** Lines of server.properties for all nodes, by name; `%id%` stands for the node's id. */
  config?: Record<string, string | number | boolean>;
  /** Gets a line for each long step. */
  progress?: (line: string) => void;
}
export const KAFKA_VERSION: string;
export const KAFKA_ARTIFACTS: string[];
/** The java to run. Throws with what to install when there is none of 17 or newer. */
export function findJava(): string;
/** Starts a Kafka cluster on 127.0.0.1; settles when every broker serves clients and knows all others. */
export function startKafka(options?: KafkaOptions): Promise<KafkaCluster>;
