/** The machines that the edge tests' fleet is made of: the Machines API stand-in of dev/, with machines that are no processes but say and do what a test wants. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { openMachinesApi, type StandInApi, type StandInMachine } from '#dev/machines-api';

/** What a machine says when it is asked. `silent`: nothing. `takesJobBeforeDrain`: idle when looked at, busy when it is to go. `load` left out: a machine of an earlier version. */
interface Saying { busy: number; load?: number; idle_seconds: number; draining: boolean; silent: boolean; takesJobBeforeDrain: boolean }
/** The next request to the API whose "METHOD path" contains `match` gets this instead. Status 0: the line breaks. */
interface ApiFault { match: string; status: number; body?: unknown; headers?: Record<string, string> }
/** One wish of a test; everything in it is done, in this order. The answer is how it stands afterwards. */
interface MachinesWish { reset?: boolean; add?: number; say?: { id: string } & Partial<Saying>; change?: { id: string } & Partial<StandInMachine>; start?: string; faults?: ApiFault[] }
interface MachinesView { machines: StandInMachine[]; heard: { what: string; body: string }[] }

export class Machines {
  #api: StandInApi = this.#open();
  readonly #sayings = new Map<string, Saying>();
  #faults: ApiFault[] = [];
  #heard: MachinesView['heard'] = [];

  #open(): StandInApi {
    const on = async (id: string): Promise<void> => { this.#sayings.set(id, { busy: 0, idle_seconds: 0, draining: false, silent: false, takesJobBeforeDrain: false }); };
    return openMachinesApi({ app: 'edge-app', token: 'fly-token-test-only', power: { on, off: async () => undefined } });
  }

  isMeant(request: IncomingMessage): boolean {
    return request.url!.startsWith('/v1/') || request.headers['fly-force-instance-id'] !== undefined;
  }

  async answer(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    const send = (status: number, answer: unknown, headers: Record<string, string> = {}): void => { response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(typeof answer === 'string' ? answer : JSON.stringify(answer)); };
    const only = request.headers['fly-force-instance-id'], what = `${request.method} ${request.url}${typeof only === 'string' ? ` at ${only}` : ''}`;
    this.#heard.push({ what, body });
    if (typeof only === 'string') return this.#answerAsWorker(only, request, body, send);
    const fault = this.#faults.find((f) => what.includes(f.match));
    if (fault) {
      this.#faults = this.#faults.filter((f) => f !== fault);
      if (fault.status === 0) return void request.socket.destroy();
      return send(fault.status, fault.body ?? {}, fault.headers);
    }
    const { status, body: answer } = await this.#api.answer(request.method!, new URL(request.url!, 'http://x'), request.headers.authorization, body ? JSON.parse(body) : undefined);
    send(status, answer);
  }

  #answerAsWorker(id: string, request: IncomingMessage, body: string, send: (status: number, answer: unknown) => void): void {
    const saying = this.#sayings.get(id);
    if (!saying || saying.silent) return void request.socket.destroy();
    if (request.url === '/healthz') return send(200, { ok: true, machine_id: id, busy: saying.busy, draining: saying.draining, idle_seconds: saying.idle_seconds, ...(saying.load !== undefined && { slots: 4, load: saying.load }) });
    if (saying.takesJobBeforeDrain) saying.busy = 1;
    if (saying.busy > 0 && !(JSON.parse(body) as { when_done?: boolean }).when_done) return send(409, { error: { code: 'invalid_state', message: 'busy' } });
    saying.draining = true;
    send(200, { draining: true });
  }

  async act({ reset, add = 0, say, change, start, faults }: MachinesWish): Promise<MachinesView> {
    if (reset) { this.#api = this.#open(); this.#sayings.clear(); this.#faults = []; this.#heard = []; }
    for (let i = 0; i < add; i++) {
      await this.#api.add();
      await new Promise((done) => setTimeout(done, 2));                                   // so that one is newer
    }
    if (say) Object.assign(this.#sayings.get(say.id)!, say);
    if (change) Object.assign(this.#api.machines().find((m) => m.id === change.id)!, change);
    if (start) await this.#api.start(start);
    if (faults) this.#faults = faults;
    const heard = this.#heard;
    this.#heard = [];
    return { machines: this.#api.machines(), heard };
  }
}
