// What the scale at the counter says, for the kiosk's own browser; the server tells it to nobody else.
import { DEAD_SOCKET_S, RECONNECT_S, socketURL } from './watch';
import { parseObject, type ScaleReading } from './wire';

const KIOSK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Follows the scale where this page is the kiosk's and there is one: reports each of its readings, and
 * null whenever the link to it is lost. Elsewhere nothing is asked and nothing reported. Returns a
 * function that stops it.
 */
export function followScale(report: (reading: ScaleReading | null) => void): () => void {
  if (!KIOSK_HOSTS.includes(location.hostname)) return () => {};
  let over = false;
  let stop = () => {};
  void fetchScale().then((reading) => {
    if (over || reading === null) return;
    report(reading);
    stop = listen(report);
  });
  return () => {
    over = true;
    stop();
  };
}

/** The scale in a counter's state, which polling and WebSocket tell alike; null where there is none. */
export function scaleOf(counter: unknown): ScaleReading | null {
  const scale = field(counter, 'scale');
  const state = field(scale, 'state');
  const netG = field(scale, 'net_g');
  if (typeof state !== 'string') return null;
  return { state, net_g: typeof netG === 'number' && Number.isFinite(netG) ? netG : null };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

async function fetchScale(): Promise<ScaleReading | null> {
  try {
    const response = await fetch('/mlserver/api/counter/', { cache: 'no-store' });
    return scaleOf(parseObject(await response.text())?.data);
  } catch {
    return null;
  }
}

/** Listens to the counter's WebSocket for ever, connecting again whenever it falls silent. */
function listen(report: (reading: ScaleReading | null) => void): () => void {
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const after = (seconds: number, then: () => void) => {
    clearTimeout(timer);
    timer = setTimeout(then, seconds * 1000);
  };
  const drop = () => {
    const dead = socket;
    socket = null;
    dead?.close();
  };
  const lose = () => {
    drop();
    report(null);
    after(RECONNECT_S, connect);
  };
  const connect = () => {
    const opened = new WebSocket(socketURL('/ws/counter/'));
    socket = opened;
    opened.onmessage = (event) => {
      if (socket !== opened) return;
      after(DEAD_SOCKET_S, lose);
      report(scaleOf(parseObject(event.data)));
    };
    opened.onclose = () => {
      if (socket === opened) lose();
    };
    after(DEAD_SOCKET_S, lose);
  };

  connect();
  return () => {
    clearTimeout(timer);
    drop();
  };
}
