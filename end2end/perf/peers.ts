// The other ends of connections: a thousand that ask and listen, and the least program that could answer those.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';

/** What stands behind the number of a job's event; progress has none. */
const MARK = '\nevent: job\n';

/** A connection that counts the numbered events of jobs that come by it. */
export class Peer {
  marks = 0;
  private end = '';
  private constructor(readonly socket: Socket) {
    socket.setNoDelay();
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('data', (piece: string) => {
      const text = this.end + piece;
      let at = -1;
      while ((at = text.indexOf(MARK, at + 1)) >= 0) if (/\d/.test(text.charAt(at - 1))) this.marks++;
      // A mark may come in two pieces; one that is kept whole is kept without its number.
      this.end = text.slice(-MARK.length);
    });
  }

  /** Asks for a path, and waits for the first bytes of the answer. */
  static async get(port: number, path: string, accept: string): Promise<Peer> {
    const peer = new Peer(connect(port, '127.0.0.1'));
    peer.socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: ${accept}\r\n\r\n`);
    await once(peer.socket, 'data');
    return peer;
  }

  /** That many, some at a time so that none is refused. */
  static async many(number: number, port: number, path: string, accept: string): Promise<Peer[]> {
    const peers: Peer[] = [];
    while (peers.length < number) {
      peers.push(...(await Promise.all(Array.from({ length: Math.min(50, number - peers.length) }, () => Peer.get(port, path, accept)))));
    }
    return peers;
  }
}

/** The least that can be done: a program that writes an event to as many sockets whenever it is told to. */
export class Writer {
  private constructor(readonly child: ChildProcess, readonly port: number) {}
  static async start(number: number): Promise<Writer> {
    const script = `use Socket; $| = 1;
      socket(my $door, PF_INET, SOCK_STREAM, 0); bind($door, sockaddr_in(0, INADDR_LOOPBACK)); listen($door, 4096);
      print +(sockaddr_in(getsockname($door)))[0], "\\n";
      for (1 .. ${number}) { accept(my $peer, $door); syswrite($peer, "HTTP/1.1 200 OK\\r\\n\\r\\n"); push @peers, $peer; }
      my $event = "id: 1\\nevent: job\\ndata: " . "x" x 500 . "\\n\\n";
      while (<STDIN>) { syswrite($_, $event) for @peers; }`;
    const child = spawn('perl', ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = await once(child.stdout!, 'data');
    return new Writer(child, Number(line));
  }
}
