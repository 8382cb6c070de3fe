import { Component, onWillUnmount, useEffect, useExternalListener, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const MODEL = "helpdesk.ticket.viewer";
const HEARTBEAT = 30; // seconds, until the server says otherwise
const WRITING_TIME = 20000; // milliseconds after the last key

/**
 * Shows who else has the ticket open or writes on it, and says so of oneself.
 *
 * The server tells what changes over the bus; the heartbeat only proves that this browser is alive.
 * A hidden tab is silent, and counts no more after a while.
 */
export class TicketViewers extends Component {
    static template = "helpdesk_sla.TicketViewers";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.store = useService("mail.store");
        const bus = useService("bus_service");
        this.state = useState({ viewers: [], isWriting: false });
        this.heartbeat = HEARTBEAT;
        const onViewers = (payload) => {
            if (payload.ticket_id === this.props.record.resId) {
                this.state.viewers = payload.viewers;
            }
        };
        bus.subscribe("helpdesk_sla.viewers", onViewers);
        onWillUnmount(() => {
            bus.unsubscribe("helpdesk_sla.viewers", onViewers);
            browser.clearTimeout(this.writingTimeout);
        });
        useEffect(
            (ticketId) => {
                if (!ticketId) {
                    return;
                }
                this.state.viewers = [];
                this.state.isWriting = false;
                this.ticketId = ticketId;
                this.enter();
                return () => {
                    browser.clearTimeout(this.timeout);
                    this.ticketId = false;
                    this.leave(ticketId);
                };
            },
            () => [this.props.record.resId]
        );
        // what is typed into the composer of the ticket's thread
        useEffect(
            (text) => {
                if (text && this.composer?.isFocused) {
                    this.setWriting(true);
                    browser.clearTimeout(this.writingTimeout);
                    this.writingTimeout = browser.setTimeout(
                        () => this.setWriting(false),
                        WRITING_TIME
                    );
                } else if (!text) {
                    this.setWriting(false);
                }
            },
            () => [this.composer?.composerText]
        );
        useExternalListener(document, "visibilitychange", () => {
            if (!document.hidden) {
                this.enter();
            }
        });
        // a closed tab does not unmount; the request outlives it
        useExternalListener(window, "pagehide", () => {
            if (this.ticketId) {
                browser.fetch(`/web/dataset/call_kw/${MODEL}/leave`, {
                    method: "POST",
                    keepalive: true,
                    headers: { "Content-Type": "application/json" },
                    body: JSON.stringify({
                        jsonrpc: "2.0",
                        method: "call",
                        params: {
                            model: MODEL,
                            method: "leave",
                            args: [this.ticketId],
                            kwargs: { context: user.context },
                        },
                    }),
                });
            }
        });
    }

    get composer() {
        const id = this.props.record.resId;
        return id && this.store.Thread.get({ model: "helpdesk.ticket", id })?.composer;
    }

    get isSomebodyWriting() {
        return this.state.viewers.some((viewer) => viewer.is_writing);
    }

    getSentence(viewer) {
        return viewer.is_writing
            ? _t("%(name)s is writing an answer", { name: viewer.name })
            : _t("%(name)s is viewing", { name: viewer.name });
    }

    setWriting(isWriting) {
        if (this.state.isWriting !== isWriting) {
            this.state.isWriting = isWriting;
            this.enter();
        }
    }

    async enter() {
        browser.clearTimeout(this.timeout);
        const ticketId = this.ticketId;
        if (!ticketId || document.hidden) {
            return;
        }
        let answer;
        try {
            answer = await this.orm.silent.call(MODEL, "enter", [ticketId, this.state.isWriting]);
        } catch {
            // no connection, or no access any more: who else is there is not worth an error
            answer = { viewers: [], heartbeat: this.heartbeat };
        }
        if (ticketId === this.ticketId) {
            this.state.viewers = answer.viewers;
            this.heartbeat = answer.heartbeat;
            browser.clearTimeout(this.timeout);
            this.timeout = browser.setTimeout(() => this.enter(), this.heartbeat * 1000);
        }
    }

    async leave(ticketId) {
        try {
            await this.orm.silent.call(MODEL, "leave", [ticketId]);
        } catch {
            // the server forgets by itself
        }
    }
}

export const ticketViewers = { component: TicketViewers };

registry.category("view_widgets").add("helpdesk_ticket_viewers", ticketViewers);
