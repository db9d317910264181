import { once } from 'node:events';
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import { ServerCredentials, type Server } from '@grpc/grpc-js';
import { VernierError } from '../../proto/errors.js';

const HOST_AND_PORT = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]/]+)):([0-9]{1,5})$/i;
const MAX_PORT = 65_535;

/**
 * Binds the server to HOST:PORT; port 0 takes any free one.
 *
 * @returns host:port really bound
 * @throws VernierError PORT_IN_USE, ADDRESS_INVALID
 */
export async function listenOn(server: Server, address: string): Promise<string> {
  const { host, port } = parse(address);
  await probe(address, host, port);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, real) => {
      if (error === null) resolve(real);
      else reject(refusal(address, error)); // somebody else was faster
    });
  });
  return `${host.includes(':') ? `[${host}]` : host}:${bound}`;
}

/** Whether only this machine can reach the address. */
export function isLoopback(address: string): boolean {
  const { host } = parse(address);
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function parse(address: string): { host: string; port: number } {
  const [, bracketed, plain, digits] = HOST_AND_PORT.exec(address) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host !== undefined && port <= MAX_PORT) return { host, port };
  throw new VernierError('ADDRESS_INVALID', `${JSON.stringify(address)} is no address to listen on`, {
    mend: `write HOST:PORT with a port of 0 (any free one) to ${MAX_PORT}, as in 127.0.0.1:7077`,
  });
}

/**
 * Tries the address first: the gRPC library prints to the console what it cannot bind, tells no error code, and is content
 * when of a name's several addresses one is free, although callers may use another.
 */
async function probe(address: string, host: string, port: number): Promise<void> {
  const addresses = await lookup(host, { all: true }).catch((error: unknown) => {
    throw refusal(address, error);
  });
  let bound = 0;
  for (const { address: ip } of addresses) {
    const socket = createServer();
    try {
      socket.listen({ host: ip, port });
      await once(socket, 'listening');
      bound++;
    } catch (error) {
      // A name may stand for an address of a family that this machine has not; the others serve.
      if ((error as { code?: string }).code !== 'EADDRNOTAVAIL' || addresses.length === 1)
        throw refusal(address, error);
    } finally {
      socket.close();
    }
  }
  if (bound === 0)
    throw refusal(address, Object.assign(new Error('no address of it is here'), { code: 'EADDRNOTAVAIL' }));
}

function refusal(address: string, error: unknown): VernierError {
  const { code = '', message } = error as { code?: string; message: string };
  if (code === 'EADDRINUSE' || message.includes('EADDRINUSE')) {
    return new VernierError('PORT_IN_USE', `${address} is in use by another program`, {
      mend: 'choose another port (--listen HOST:PORT, port 0 for any free one), or end that program',
      cause: error,
    });
  }
  const why: Record<string, string> = {
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'there is no host of that name',
    EAI_AGAIN: 'the name cannot be looked up at present',
    EACCES: 'no permission to listen on that port; those below 1024 are reserved',
  };
  return new VernierError('ADDRESS_INVALID', `cannot listen on ${address}: ${why[code] ?? message}`, {
    mend: '127.0.0.1 serves this machine alone, 0.0.0.0 all of its networks',
    cause: error,
  });
}
