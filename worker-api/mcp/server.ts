/**
 * Memory as tools for agents: MCP over Streamable HTTP at /mcp, one answer a request, nothing kept between them. A key sees only the tools its scopes
 * allow. Answers are JSON, with watermarks (how far memory reaches) and citations. https://modelcontextprotocol.io/specification/2025-11-25/basic/transports
 */
import { createMcpHandler, McpServer, type CallToolResult } from '@modelcontextprotocol/server';
import { ApiError } from '#contract/errors';
import { REQUEST_BYTES_MAX } from '#contract/limits';
import { admit, refuseNoText, type App } from '../route.ts';
import { tools, type Caller, type Tool } from './tools.ts';

const SERVER = { name: 'historical-sync', title: 'Historical Sync', version: '1.0.0' };
const INSTRUCTIONS = 'A company\'s own mail, calendars, messages and CRM rows, and the people, companies and conversations in them. Begin with get_context. Cite records by their citation numbers and urls. '
  + 'A watermark says from when until when a stream is complete in memory: what is not found may lie outside of it.';

/** `failed` is told what broke on our side. */
export function serveMcp(app: App, failed: (error: unknown) => void): void {
  app.all('/mcp', async ({ env, req }) => {
    const principal = await admit('read', req.raw, env);
    // Tools never change while a request lasts: there is nothing to subscribe to.
    return createMcpHandler(() => serverFor({ env, principal }, failed), { maxRequestBodySize: REQUEST_BYTES_MAX, maxSubscriptions: 0 }).fetch(req.raw);
  });
}

function serverFor(caller: Caller, failed: (error: unknown) => void): McpServer {
  const server = new McpServer(SERVER, { instructions: INSTRUCTIONS });
  for (const [name, tool] of Object.entries<Tool>(tools)) {
    if (!caller.principal.scopes.has(tool.scope)) continue;
    server.registerTool(name, { title: tool.title, description: tool.description, inputSchema: tool.input, annotations: { readOnlyHint: tool.scope === 'read', openWorldHint: false } },
      (args) => told(async () => { refuseNoText(args, 'arguments'); return tool.run(caller, args as never); }, failed));
  }
  return server;
}

/** What a tool answers; what it refuses with is an answer, too, so that the model reads why. What broke on our side is told in a sentence and no more. */
async function told(run: () => Promise<object>, failed: (error: unknown) => void): Promise<CallToolResult> {
  try {
    const answer = await run();
    return { content: [{ type: 'text', text: JSON.stringify(answer) }], structuredContent: { ...answer } };
  } catch (error) {
    const refusal = error instanceof ApiError ? error : new ApiError('unavailable', 'This does not work right now. Try again in a moment.');
    if (refusal !== error) failed(error);
    return { isError: true, content: [{ type: 'text', text: JSON.stringify(refusal.body()) }] };
  }
}
