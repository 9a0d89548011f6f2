/** Who belongs here, in which role; and who is invited. */
import { useState } from 'react';
import type { Role } from '#contract/accounts';
import { callRoute } from '../client/index.ts';
import type { CallAnswer } from '../client/index.ts';
import { useResource } from '../state/resource.ts';
import { navigate } from '../state/router.ts';
import { askWho } from '../state/session.ts';
import type { Me } from '../state/session.ts';
import { toast } from '../state/toasts.ts';
import { roleWords } from '../words/accounts.ts';
import { ago, day } from '../words/time.ts';
import { Address, Badge, Button, IconButton, Notice, Skeleton } from './basics.tsx';
import { Confirm, useAction } from './dialog.tsx';
import { InviteDialog } from './invite-dialog.tsx';
import { PickMenu } from './pick-menu.tsx';

type Member = CallAnswer<'listMembers'>['members'][number];
type Invitation = CallAnswer<'listInvitations'>['invitations'][number];

export function MembersCard({ me }: { me: Me }) {
  const { data, error, reload } = useResource('members', (signal) => callRoute('listMembers', {}, { signal }));
  const mayChange = me.scopes.includes('admin');
  return (
    <>
      <section className="card" aria-labelledby="members">
        <h2 id="members">Members</h2>
        {error && <Notice tone="bad" actions={<Button onClick={reload}>Try again</Button>}>{error.message}</Notice>}
        {!data && !error && <Skeleton lines={3} />}
        {data && <ul className="people" aria-label="Members">{data.members.map((one) => <MemberRow key={one.user_id} member={one} me={me} mayChange={mayChange} onChange={reload} />)}</ul>}
      </section>
      {mayChange && <Invitations me={me} />}
      {me.user && <Leave me={me} />}
    </>
  );
}

function MemberRow({ member, me, mayChange, onChange }: { member: Member; me: Me; mayChange: boolean; onChange: () => void }) {
  const [asking, setAsking] = useState(false), { busy, error, run } = useAction();
  const isMe = member.user_id === me.user?.id, mayTouch = mayChange && !isMe && (me.role === 'owner' || member.role !== 'owner');
  const change = (role: Role): void => void run(async () => { await callRoute('changeMember', { params: { user_id: member.user_id }, body: { role } }); onChange(); });
  return (
    <li className="person">
      <span className="avatar" aria-hidden="true" data-letter={member.name.slice(0, 1).toUpperCase()} />
      <div className="person-name"><strong>{member.name}{isMe && ' (you)'}</strong><small><Address of={member.email} /></small></div>
      <span className="person-role">{mayTouch
        ? <PickMenu label={`Role of ${member.name}`} value={member.role} busy={busy} onChange={change} options={roleOptions(me)} />
        : roleWords[member.role].label}</span>
      <span className="person-act">{mayTouch && <IconButton icon="trash" label={`Remove ${member.name}`} onClick={() => setAsking(true)} />}</span>
      {error && <Notice tone="bad" alert>{error}</Notice>}
      <Confirm open={asking} onClose={() => setAsking(false)} title={`Remove ${member.name}?`} yes="Remove" no="Keep"
        text={<>{member.name} no longer gets in, and the API keys that {member.name} made stop working. What was synced stays.</>}
        act={async () => { await callRoute('removeMember', { params: { user_id: member.user_id } }); onChange(); }} />
    </li>
  );
}

const roleOptions = (me: Me) => (['member', 'admin', 'owner'] as const).map((value) => ({ value, label: roleWords[value].label, disabled: value === 'owner' && me.role !== 'owner' }));

function Leave({ me }: { me: Me }) {
  const [asking, setAsking] = useState(false);
  return (
    <section className="card" aria-labelledby="leave">
      <div className="card-line">
        <div><h2 id="leave">Leave {me.tenant.name}</h2><p className="quiet">You no longer get in, and the API keys you made stop working. What was synced stays with the team.</p></div>
        <Button icon="out" onClick={() => setAsking(true)}>Leave</Button>
      </div>
      <Confirm open={asking} onClose={() => setAsking(false)} title={`Leave ${me.tenant.name}?`} yes="Leave" no="Stay" text="Only an invitation lets you in again."
        act={async () => { await callRoute('leaveTenant', {}); navigate('/', { replace: true }); await askWho(); }} />
    </section>
  );
}

const statusWords: Record<Invitation['status'], string> = { pending: 'Waiting', accepted: 'Accepted', revoked: 'Taken back', expired: 'Expired' };

function Invitations({ me }: { me: Me }) {
  const { data, error, reload } = useResource('invitations', (signal) => callRoute('listInvitations', {}, { signal }));
  const [open, setOpen] = useState(false);
  const waiting = data?.invitations.filter((one) => one.status === 'pending' || one.status === 'expired') ?? [];
  return (
    <section className="card" aria-labelledby="invitations">
      <div className="card-line"><h2 id="invitations">Invitations</h2><Button icon="plus" onClick={() => setOpen(true)}>Invite somebody</Button></div>
      {error && <Notice tone="bad" actions={<Button onClick={reload}>Try again</Button>}>{error.message}</Notice>}
      {!data && !error && <Skeleton lines={2} />}
      {data && waiting.length === 0 && <p className="quiet">Nobody is invited right now. An invitation is a link that you pass on; it is good for one address and one week.</p>}
      {waiting.length > 0 && <ul className="people" aria-label="Invitations">{waiting.map((one) => <InvitationRow key={one.invitation_id} invitation={one} onChange={reload} />)}</ul>}
      <InviteDialog open={open} onClose={() => setOpen(false)} me={me} onDone={reload} />
    </section>
  );
}

function InvitationRow({ invitation: { invitation_id, email, role, status, invited_by, created_at, expires_at }, onChange }: { invitation: Invitation; onChange: () => void }) {
  const { busy, error, run } = useAction();
  const revoke = (): void => void run(async () => {
    await callRoute('revokeInvitation', { params: { invitation_id } });
    toast({ tone: 'good', title: 'Invitation taken back', text: `The link for ${email} no longer works.` });
    onChange();
  });
  return (
    <li className="person">
      <div className="person-name"><strong><Address of={email} /></strong><small>as {roleWords[role].label.toLowerCase()}, by {invited_by.name}, {ago(created_at)}{status === 'pending' && <>, good until {day(expires_at)}</>}</small></div>
      <span className="person-role"><Badge tone={status === 'pending' ? 'accent' : 'neutral'}>{statusWords[status]}</Badge></span>
      <span className="person-act">{status === 'pending' && <IconButton icon="trash" label={`Take back the invitation of ${email}`} aria-busy={busy} onClick={revoke} />}</span>
      {error && <Notice tone="bad" alert>{error}</Notice>}
    </li>
  );
}
