/** Who is signed in, for which team, light or dark, and the way out. */
import { DropdownMenu } from 'radix-ui';
import { callRoute } from '../client/index.ts';
import { useResource } from '../state/resource.ts';
import { setTheme, THEMES, useTheme } from '../state/appearance.ts';
import type { Theme } from '../state/appearance.ts';
import { askWho, signOut } from '../state/session.ts';
import type { Me } from '../state/session.ts';
import { toast } from '../state/toasts.ts';
import { navigate } from '../state/router.ts';
import { Icon } from './icon.tsx';

const themeWords: Record<Theme, string> = { system: 'As the system', light: 'Light', dark: 'Dark' };

export function AccountMenu({ me, wide = false }: { me: Me; wide?: boolean }) {
  const name = me.user?.name || me.user?.email || me.tenant.name, theme = useTheme();
  const leave = (): void => { signOut().catch(() => toast({ tone: 'bad', title: 'Signing out did not work', text: 'Check the connection and try again.' })); };
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className={wide ? 'account account-wide' : 'account'}>
        <span className="visually-hidden">Account: {wide ? '' : name}</span>
        <span className="avatar" aria-hidden="true" data-letter={name.slice(0, 1).toUpperCase()} />
        {wide && <><span className="account-name">{name}</span><Icon name="more" /></>}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align={wide ? 'start' : 'end'} side={wide ? 'top' : 'bottom'} sideOffset={6} collisionPadding={8}>
          <div className="menu-head"><strong>{name}</strong>{me.user && me.user.email !== name && <span>{me.user.email}</span>}<span>{me.tenant.name} · {me.tenant.plan} plan</span></div>
          <Teams tenantId={me.tenant.id} />
          <DropdownMenu.Separator className="menu-line" />
          <DropdownMenu.RadioGroup value={theme} onValueChange={(value) => setTheme(value as Theme)} aria-label="Colours">
            {THEMES.map((one) => (
              <DropdownMenu.RadioItem key={one} value={one} className="menu-item" onSelect={(event) => event.preventDefault()}>
                <Icon name="sun" />{themeWords[one]}<DropdownMenu.ItemIndicator className="menu-tick"><Icon name="check" /></DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
          <DropdownMenu.Separator className="menu-line" />
          <DropdownMenu.Item className="menu-item" onSelect={leave}><Icon name="out" />Sign out</DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** The teams one belongs to, when there are several. Everything on the page is of the one that is chosen. */
function Teams({ tenantId }: { tenantId: string }) {
  const { data } = useResource('tenants', (signal) => callRoute('listTenants', {}, { signal }));
  if (!data || data.tenants.length < 2) return null;
  const enter = (tenant_id: string): void => {
    callRoute('enterTenant', { params: { tenant_id } }).then(() => { navigate('/'); return askWho(); })
      .catch(() => toast({ tone: 'bad', title: 'The team was not changed', text: 'Check the connection and try again.' }));
  };
  return (
    <>
      <DropdownMenu.Separator className="menu-line" />
      <DropdownMenu.RadioGroup value={tenantId} onValueChange={enter} aria-label="Team">
        {data.tenants.map((one) => <DropdownMenu.RadioItem key={one.tenant_id} value={one.tenant_id} className="menu-item"><Icon name="people" />{one.name}<DropdownMenu.ItemIndicator className="menu-tick"><Icon name="check" /></DropdownMenu.ItemIndicator></DropdownMenu.RadioItem>)}
      </DropdownMenu.RadioGroup>
    </>
  );
}
