import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** Answers one request; `content` is what the server serves under that path. */
export type Answer = (request: IncomingMessage, response: ServerResponse, content: Buffer) => void;

/** A file server on 127.0.0.1 that can be told to misbehave: each request takes the next of `script`, then `otherwise`. */
export class FileServer {
  readonly requests: IncomingMessage[] = [];
  script: Answer[] = [];
  otherwise: Answer = properly();
  readonly files = new Map<string, Buffer>();
  private readonly waiting = new Set<() => void>();

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    readonly address: string,
  ) {}

  static async start(): Promise<FileServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const made = new FileServer(server, `http://127.0.0.1:${(server.address() as { port: number }).port}/`);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => made.handle(request, response));
    return made;
  }

  /** Forgets requests, files and script. */
  reset(): void {
    this.requests.length = 0;
    this.script = [];
    this.otherwise = properly();
    this.files.clear();
  }

  /** Resolves with the nth request, counted from 1. */
  async request(count: number): Promise<IncomingMessage> {
    for (;;) {
      const found = this.requests[count - 1];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private handle(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(request);
    for (const wake of this.waiting) wake();
    this.waiting.clear();
    const content = this.files.get((request.url ?? '/').slice(1));
    if (content === undefined) response.writeHead(404).end('not found');
    else (this.script.shift() ?? this.otherwise)(request, response, content);
  }
}

const tagOf = (content: Buffer): string => `"${content.length}-${content.subarray(0, 8).toString('hex')}"`;

/** What a server makes of a Range header: where to start, when it may. */
function rangeStart(request: IncomingMessage, tag: string, heedsIfRange: boolean): number | undefined {
  const start = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  if (start === undefined || (heedsIfRange && request.headers['if-range'] !== tag)) return undefined;
  return Number(start);
}

export interface ServerHabits {
  etag?: boolean;
  ranges?: boolean;
  /** Sends parts of whatever it has now, though another version was asked for. */
  heedsIfRange?: boolean;
  contentLength?: boolean;
  /** Sends so many bytes of the answer, then ... */
  upTo?: number;
  /** ... cuts the connection, or falls silent. */
  afterwards?: 'cut' | 'silence';
}

/** Serves the file as servers do, but for what is said. */
export function properly(habits: ServerHabits = {}): Answer {
  const { etag = true, ranges = true, heedsIfRange = true, contentLength = true, upTo, afterwards = 'cut' } = habits;
  return (request, response, content) => {
    const tag = tagOf(content);
    const start = ranges ? rangeStart(request, tag, heedsIfRange) : undefined;
    if (start !== undefined && start >= content.length) {
      response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
      return;
    }
    const body = content.subarray(start ?? 0);
    response.writeHead(start === undefined ? 200 : 206, {
      ...(etag ? { etag: tag } : {}),
      ...(contentLength ? { 'content-length': body.length } : {}),
      ...(start === undefined ? {} : { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
    });
    if (upTo === undefined) response.end(body);
    else response.write(body.subarray(0, upTo), () => afterwards === 'cut' && response.destroy());
  };
}

/** An answer that is no file. */
export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (_request, response) => response.writeHead(code, headers).end('an error page');
}
