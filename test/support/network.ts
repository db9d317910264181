import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A network between a client and a server that a test can cut: then packets vanish, and nobody is told. */
export class Network {
  private readonly sockets = new Set<Socket>();
  private cut = false;
  private readonly server: Server;

  private constructor(target: string) {
    const at = target.lastIndexOf(':');
    const [host, port] = [target.slice(0, at), Number(target.slice(at + 1))];
    this.server = createServer((client) => {
      const upstream = connect({ host, port });
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.sockets.add(from);
        from.on('data', (bytes) => {
          if (!this.cut) to.write(bytes);
        });
        from.on('error', () => undefined); // its end is told by close
        from.on('close', () => {
          this.sockets.delete(from);
          if (!this.cut) to.destroy();
        });
      }
    });
  }

  static async to(target: string): Promise<Network> {
    const network = new Network(target);
    network.server.listen(0, '127.0.0.1');
    await once(network.server, 'listening');
    return network;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  goDown(): void {
    this.cut = true;
  }

  /** Connections from before are gone; new ones pass. */
  comeBack(): void {
    for (const socket of this.sockets) socket.destroy();
    this.cut = false;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}
