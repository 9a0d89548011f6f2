/** Imported before the contract: keeps zod from compiling its checks with `new Function`, which a strict content security policy reports. */
import { config } from 'zod';

config({ jitless: true });
