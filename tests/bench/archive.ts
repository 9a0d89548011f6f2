/** A mailbox file of years, uploaded and imported by the real worker process of a whole house: how fast, and how much memory it ever took. */
import { readFileSync } from 'node:fs';
import { ReadableStream } from 'node:stream/web';
import { Connection } from '#contract/api';
import { until } from '../client.ts';
import { openWholeHouse } from '../whole-house.ts';
import { benchMails } from './mails.ts';

const MB = 1024 * 1024;
/** One mail in so many brings a file along, of so many bytes: two thirds of a mailbox are attachments. */
const WITH_FILE = 20, FILE_BYTES = 350_000, MAILS_AT_ONCE = 500;

interface ArchiveFigures { fileMb: number; records: number; failed: number; uploadSeconds: number; importSeconds: number; /** The most that the working process has held, as the kernel counted. Linux only. */ peakRssMb: number }

/** Imports a mailbox of this size. Throws when the job does not complete with every mail in memory. */
export async function measureArchive(fileMb: number): Promise<ArchiveFigures> {
  const house = await openWholeHouse({ workers: 1 });
  try {
    const client = await house.newTenant('archive'), sent = { bytes: 0, mails: 0 }, began = Date.now();
    const answer = await client.fetch('/api/archives?integration_id=mbox&name=years.mbox', { method: 'POST', body: ReadableStream.from(mailbox(fileMb * MB, sent)), duplex: 'half', headers: { 'content-type': 'application/mbox' } } as unknown as RequestInit);
    if (!answer.ok) throw new Error(`The upload was answered ${answer.status}: ${await answer.text()}`);
    const { connection_id } = Connection.parse(await answer.json()), uploaded = Date.now();
    const { job_id } = await client.start(connection_id, {}, 'mbox');
    const job = await until(() => client.job(job_id), ({ status }) => status !== 'pending' && status !== 'running', 'the import ends', 1_800_000), took = Date.now() - uploaded;
    if (job.status !== 'completed' || job.ledger.stored !== sent.mails) throw new Error(`The import of ${sent.mails} mails ended as ${job.status}: ${job.message ?? JSON.stringify(job.ledger)}`);
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${house.holder(job_id).worker}/status`, 'utf8'));
    return { fileMb: sent.bytes / MB, records: job.ledger.stored, failed: job.ledger.failed, uploadSeconds: (uploaded - began) / 1_000, importSeconds: took / 1_000, peakRssMb: Number(peak?.[1]) / 1024 };
  } finally {
    await house.end();
  }
}

/** Mails as Thunderbird writes them to disk, until the file is large enough. */
function* mailbox(bytes: number, sent: { bytes: number; mails: number }): Generator<Uint8Array> {
  const file = Buffer.alloc(FILE_BYTES, 'A document, a picture, whatever. ').toString('base64').replaceAll(/.{76}/g, '$&\r\n');
  for (let seed = 1; ; seed++) {
    for (const { globalId, occurredAt, title, participants, body } of benchMails(MAILS_AT_ONCE, seed)) {
      const [from, ...to] = participants.map(({ name, address }) => `${name} <${address}>`), date = new Date(Date.parse(occurredAt) - seed * 3_600_000).toUTCString().replace('GMT', '+0000');
      const html = `Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${body.content}\r\n`;
      const content = sent.mails % WITH_FILE === 0
        ? `Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n${html}--b\r\nContent-Type: application/pdf; name="report-${sent.mails}.pdf"\r\nContent-Disposition: attachment; filename="report-${sent.mails}.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n${file}\r\n--b--\r\n` : html;
      const mail = Buffer.from(`From - Mon Jun 15 10:00:00 2026\r\nMessage-ID: ${globalId!}\r\nDate: ${date}\r\nFrom: ${from!}\r\nTo: ${to.join(', ')}\r\nSubject: ${title}\r\nMIME-Version: 1.0\r\n${content}\r\n`);
      yield mail;
      sent.bytes += mail.length;
      sent.mails += 1;
      if (sent.bytes >= bytes) return;
    }
  }
}
