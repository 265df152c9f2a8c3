import { Link } from "@tanstack/react-router";
import { BellRing, CircleCheck } from "lucide-react";
import { useState } from "react";
import { useControl } from "../api/actions";
import type { Alert, Channel } from "../api/client";
import { useAlerts, useChannels, useSettings } from "../api/queries";
import type { Values } from "../draft";
import { Asking } from "../parts/asking";
import { ChannelForm } from "../parts/channel-form";
import { Confirm } from "../parts/confirm";
import { Empty } from "../parts/empty";
import { Screen } from "../parts/frame";
import { Name } from "../parts/name";
import { Notice } from "../parts/notice";
import { useNow } from "../parts/now";
import { Problem } from "../parts/problem";
import { Prose } from "../parts/prose";
import { RuleForm, ruleSentence } from "../parts/rule-form";
import { text } from "../text";

/** What was told, how, and when. */
export function Alerts() {
  const alerts = useAlerts();
  const settings = useSettings();
  return (
    <Screen title={text.rooms.alerts}>
      <Asking query={alerts}>{({ alerts }) => <Told alerts={alerts} />}</Asking>
      <Asking query={settings}>
        {({ values }) => {
          const said = (values ?? {}) as Values;
          return (
            <>
              <Channels of={(said.channels ?? {}) as Record<string, Values>} />
              <Rules of={said.alerts} channels={Object.keys((said.channels as object | undefined) ?? {})} />
            </>
          );
        }}
      </Asking>
    </Screen>
  );
}

function Told({ alerts }: { alerts: Alert[] }) {
  const now = useNow();
  if (alerts.length === 0) {
    return (
      <Empty icon={CircleCheck} title={text.alerts.none}>
        <p className="quiet">{text.alerts.noneTip}</p>
      </Empty>
    );
  }
  return (
    <section className="stack tight" aria-label={text.alerts.told}>
      <h2>{text.alerts.told}</h2>
      <ul className="stack tight">
        {alerts.map((alert) => (
          <li key={alert.id}>
            <Notice
              tone={alert.open ? "bad" : "quiet"}
              title={
                <span className="row apart">
                  <strong>
                    <Name of={alert.title} />
                  </strong>
                  <span className="small quiet">
                    {alert.cleared
                      ? text.alerts.cleared(alert.cleared, now)
                      : alert.raised && text.alerts.raised(alert.raised, now)}
                  </span>
                </span>
              }
              actions={
                alert.handler &&
                alert.item && (
                  <Link
                    className="button"
                    to="/items/$handler/$item"
                    params={{ handler: alert.handler, item: alert.item }}
                  >
                    {text.alerts.item}
                  </Link>
                )
              }
            >
              <Problem of={alert} />
              {alert.more > 0 && <span className="small quiet">{text.alerts.more(alert.more)}</span>}
            </Notice>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Channels({ of }: { of: Record<string, Values> }) {
  const control = useControl();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<string | undefined>();
  const channels = Object.entries(of);
  const found = useChannels();
  const standing = (id: string) => found.data?.channels.find((channel) => channel.id === id);
  return (
    <section className="stack tight" aria-label={text.alerts.channels}>
      <div className="row apart">
        <h2>{text.alerts.channels}</h2>
        <button type="button" onClick={() => setAdding(true)}>
          {text.alerts.addChannel}
        </button>
      </div>
      {channels.length === 0 ? (
        <p className="quiet">{text.alerts.channelsNone}</p>
      ) : (
        <ul className="card flush list">
          {channels.map(([id, channel]) => (
            <li key={id} className="row">
              <span className="grow">
                <strong>
                  <Name of={id} />
                </strong>{" "}
                <span className="quiet">
                  <Name of={whereTo(channel)} />
                </span>
                <Standing of={standing(id)} />
              </span>
              <button type="button" disabled={!standing(id)} onClick={() => void control.testChannel(id)}>
                <BellRing aria-hidden />
                {text.alerts.test}
              </button>
              <button type="button" onClick={() => setRemoving(id)} aria-label={text.alerts.removeSure(id)}>
                {text.remove}
              </button>
            </li>
          ))}
        </ul>
      )}
      {adding && <ChannelForm taken={channels.map(([id]) => id)} onClose={() => setAdding(false)} />}
      {removing !== undefined && (
        <Confirm
          title={text.alerts.removeSure(removing)}
          confirm={text.remove}
          onConfirm={() => void control.change([{ path: ["channels", removing], value: null }])}
          onClose={() => setRemoving(undefined)}
        >
          <p className="quiet">{text.alerts.removeTip}</p>
        </Confirm>
      )}
    </section>
  );
}

/** Whether a channel gets through, and why not. */
function Standing({ of }: { of: Channel | undefined }) {
  if (!of) return null;
  return (
    <span className={`small standing tone-${of.state === "broken" ? "bad" : of.state === "works" ? "good" : "quiet"}`}>
      {text.alerts.states[of.state]}
      {of.trouble && (
        <>
          : <Prose of={of.trouble} />
        </>
      )}
    </span>
  );
}

/** What a channel is, and whom it reaches; a secret is only named. */
function whereTo(channel: Values): string {
  const kind = String(channel.kind ?? "");
  const to = channel.to ?? channel.url ?? channel.topic ?? channel.command;
  const shown = Array.isArray(to) ? to.join(" ") : to === undefined ? "" : String(to);
  return [text.alerts.kinds[kind] ?? kind, shown].filter(Boolean).join(" · ");
}

function Rules({ of, channels }: { of: unknown; channels: string[] }) {
  const control = useControl();
  const [open, setOpen] = useState<number | undefined>();
  const [removing, setRemoving] = useState<number | undefined>();
  const rules = Array.isArray(of) ? (of as Values[]) : [];
  return (
    <section className="stack tight" aria-label={text.alerts.rules}>
      <div className="row apart">
        <h2>{text.alerts.rules}</h2>
        <button type="button" onClick={() => setOpen(rules.length)}>
          {text.alerts.addRule}
        </button>
      </div>
      {rules.length === 0 ? (
        <p className="quiet">{text.alerts.rulesNone}</p>
      ) : (
        <ul className="card flush list">
          {rules.map((rule, index) => {
            const sentence = ruleSentence(rule);
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: a rule has no name but its place
              <li key={index} className="row">
                <span className="grow">
                  <Name of={sentence} />
                </span>
                <button type="button" onClick={() => setOpen(index)} aria-label={`${text.change}: ${sentence}`}>
                  {text.change}
                </button>
                <button type="button" onClick={() => setRemoving(index)} aria-label={`${text.remove}: ${sentence}`}>
                  {text.remove}
                </button>
              </li>
            );
          })}
        </ul>
      )}
      {open !== undefined && (
        <RuleForm at={open} of={rules[open]} channels={channels} onClose={() => setOpen(undefined)} />
      )}
      {removing !== undefined && (
        <Confirm
          title={text.alerts.removeSure(ruleSentence(rules[removing] ?? {}))}
          confirm={text.remove}
          onConfirm={() => void control.change([{ path: ["alerts", String(removing)], value: null }])}
          onClose={() => setRemoving(undefined)}
        >
          <p className="quiet">{text.alerts.removeTip}</p>
        </Confirm>
      )}
    </section>
  );
}
