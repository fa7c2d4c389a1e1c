// Following a task to its end: the WebSocket while it lives, polling while it does not.
import { fetchTask, GIVE_UP_S } from './api';
import { fromFailedTask, silence } from './problem';
import type { Event } from './state';
import { parseObject, type TaskData } from './wire';

/** The server is never silent for over 10 s; a socket that is has died without saying so. */
export const DEAD_SOCKET_S = 12;
export const RECONNECT_S = 3;
/** Without a socket polling speaks every second; when that is silent too, the diner should know. */
const LOST_S = 3;

/**
 * Follows a task; reports `updated` and `linked` on the way and ends with `completed` or `failed`.
 * Returns a function that stops it. Silence is counted in ticks, not by the clock, so that a phone
 * that slept wakes up to a fresh try and not to an error.
 */
export function watch(taskId: string, report: (event: Event) => void): () => void {
  let socket: WebSocket | null = null;
  let silentS = 0;
  let unconnectedS = 0;
  let polling = false;
  let over = false;

  const stop = () => {
    over = true;
    clearInterval(ticker);
    socket?.close();
  };
  const end = (event: Event) => {
    stop();
    report(event);
  };
  const hear = (data: TaskData) => {
    if (over) return;
    silentS = 0;
    if (data.status === 'completed') end({ type: 'completed', result: data.result, message: data.message });
    else if (data.status === 'failed') end({ type: 'failed', problem: fromFailedTask(data.error) });
    else report({ type: 'updated', progress: data.progress, message: data.message });
  };
  const connect = () => {
    const opened = new WebSocket(socketURL(`/ws/task/${taskId}/`));
    socket = opened;
    unconnectedS = 0;
    opened.onmessage = (event) => {
      const data = parseObject(event.data)?.data;
      if (data && socket === opened) hear(data as TaskData);
    };
    opened.onclose = () => {
      if (socket === opened) disconnect();
    };
  };
  const disconnect = () => {
    const dead = socket;
    socket = null;
    dead?.close();
    if (!over) void poll();
  };
  const poll = async () => {
    if (polling) return;
    polling = true;
    const data = await fetchTask(taskId);
    polling = false;
    if (data === 'unknown') {
      if (!over) end({ type: 'failed', problem: fromFailedTask('작업을 찾을 수 없습니다.') });
    } else if (data) hear(data);
  };
  const tick = () => {
    if (++silentS >= GIVE_UP_S) return end({ type: 'failed', problem: silence('watch') });
    if (socket) {
      if (silentS >= DEAD_SOCKET_S) disconnect();
      return;
    }
    if (silentS >= LOST_S) report({ type: 'linked', linked: false });
    if (++unconnectedS >= RECONNECT_S) connect();
    else void poll();
  };

  const ticker = setInterval(tick, 1000);
  connect();
  return stop;
}

/** The address of a WebSocket at this path of the page's own server. */
export function socketURL(path: string): string {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return `${scheme}//${location.host}${path}`;
}
