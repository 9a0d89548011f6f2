/** Where semantic memory lies: a folder, or a bucket of an S3-compatible store (R2, Tigris, S3). A store that ignores conditions would lose rows, so it is asked before anything is written. */
import { randomUUID } from 'node:crypto';
import { AwsClient } from 'aws4fetch';
import { STORAGE_PROBE_TIMEOUT_MS } from '#contract/limits';

/** As the AWS SDKs and Fly's Tigris name them in the environment. */
export interface StorageSettings {
  /** A folder, or s3://bucket/prefix. */
  uri: string;
  accessKeyId?: string | undefined;
  secretAccessKey?: string | undefined;
  /** https://<account>.r2.cloudflarestorage.com, https://fly.storage.tigris.dev; left out: AWS itself. */
  endpoint?: string | undefined;
  region?: string | undefined;
}
interface Storage { uri: string; storageOptions?: Record<string, string> }

/** `message` says what to set or change; it never holds a key. */
export class StorageError extends Error { override name = 'StorageError'; }

const isBucket = (uri: string): boolean => /^s3:\/\//i.test(uri);

/** What LanceDB is opened with. https://docs.lancedb.com/storage/configuration Throws StorageError when a bucket's keys are missing. */
export function storageOf({ uri, accessKeyId, secretAccessKey, endpoint, region }: StorageSettings): Storage {
  if (!isBucket(uri)) return { uri };
  if (!accessKeyId || !secretAccessKey) throw new StorageError('LANCEDB_URI names a bucket, so AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set.');
  return {
    uri,
    storageOptions: {
      aws_access_key_id: accessKeyId, aws_secret_access_key: secretAccessKey, aws_region: region ?? 'auto', aws_virtual_hosted_style_request: 'false',
      ...endpoint && { aws_endpoint: endpoint.replace(/\/+$/, ''), allow_http: String(endpoint.startsWith('http://')) },
    },
  };
}

/**
 * Writes one small object twice, each time only if it is not there yet: the second must be refused with 412. Two workers commit to one dataset by exactly
 * this; a store that says yes to both loses one of the commits. https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 * A folder needs no probe. Throws StorageError: the store ignores conditions, refuses the keys, or does not answer.
 */
export async function probeStorage(settings: StorageSettings): Promise<void> {
  if (!isBucket(settings.uri)) return;
  const { accessKeyId = '', secretAccessKey = '', region = 'auto' } = settings;
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/i.exec(settings.uri) ?? [];
  const endpoint = settings.endpoint?.replace(/\/+$/, '') ?? `https://s3.${region === 'auto' ? 'us-east-1' : region}.amazonaws.com`;
  const client = new AwsClient({ accessKeyId, secretAccessKey, region: region === 'auto' && !settings.endpoint ? 'us-east-1' : region, service: 's3', retries: 0 });
  const key = [bucket, ...prefix.split('/').filter((part) => part !== ''), `probe-${randomUUID()}`].map(encodeURIComponent).join('/');
  const ask = async (method: 'PUT' | 'DELETE'): Promise<number> => {
    const response = await client.fetch(`${endpoint}/${key}`, { method, ...method === 'PUT' && { body: 'probe', headers: { 'if-none-match': '*' } }, signal: AbortSignal.timeout(STORAGE_PROBE_TIMEOUT_MS) })
      .catch((cause: unknown) => { throw new StorageError(`The object store at ${new URL(endpoint).host} does not answer. Check the endpoint and the network.`, { cause }); });
    await response.body?.cancel();
    return response.status;
  };
  const first = await ask('PUT');
  if (first !== 200 && first !== 201 && first !== 204) throw new StorageError(`The object store refused to write to the bucket ${bucket} (${first}). Check its name, the keys and their rights.`);
  const second = await ask('PUT');
  await ask('DELETE');
  if (second !== 412) throw new StorageError(`The object store at ${new URL(endpoint).host} ignores If-None-Match (it answered ${second} where 412 was due). Two workers would overwrite each other's commits and lose rows: use R2, Tigris, S3 or another store with conditional writes.`);
}
