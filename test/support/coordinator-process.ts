import { startCoordinator } from '../../coordinator/service/coordinator.js';

/** A coordinator in a process of its own, to be killed by a test: `STORE LISTEN LEASE_MS`; prints its address. */
const [store = '', listen = '', leaseMs = ''] = process.argv.slice(2);
const coordinator = await startCoordinator({ store, listen, leaseMs: Number(leaseMs), renewMs: Number(leaseMs) / 3 });
process.stdout.write(`${coordinator.address}\n`);
