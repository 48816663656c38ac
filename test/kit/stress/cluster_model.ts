// memory.md, part 1, 8 and 9, over real parts: the app's Handle, `enqueue` and Reports; main's Topics, Waiting and
// BrokerWorkers; the brokers' Partition. Metadata comes late and changes, leaders move, batches are sealed at random.
//
//   death=0  one handle for the whole run: each record is reported once, in order per partition, and nothing leaks
//   death=1  main (and with it its hosts) is terminated at random, round after round: each record is reported once,
//            and none that was sent is called not persisted
//   cap=KiB  main's own record memory (default: plenty); late: tenths of a ms until metadata comes, at most;
//            turnover: one in so many records is the first of a new topic

import { App } from './cluster_app.ts';
import { Host } from './cluster_host.ts';
import { MainSide } from './cluster_main.ts';
import type { HostStart, MainStart } from './cluster_shared.ts';
import { type ModelStart, runRole, startOf } from './kit.ts';

const start = startOf<ModelStart>();
runRole(() => {
  if (start.role === 'app') void new App(start).run();
  else if (start.role === 'main') new MainSide(start as MainStart).run();
  else new Host(start as HostStart).run();
});
