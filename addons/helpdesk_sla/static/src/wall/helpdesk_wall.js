import { Component, onWillUnmount, useExternalListener, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { CheckboxItem } from "@web/core/dropdown/checkbox_item";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { formatFloatTime } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { useRefresh } from "../core/refresh";
import { useSlaClock } from "../core/sla_clock";
import { describePromise } from "../core/sla_promise";
import { BacklogChart } from "./backlog_chart";

const { DateTime } = luxon;

const FULL_SCREEN_CLASS = "o_helpdesk_wall_fullscreen";

// what is counted, in the order of its urgency; `state` gives it the colour of the badges
const FIGURES = [
    { name: "open", label: _t("Open") },
    { name: "unassigned", label: _t("Unassigned") },
    { name: "approaching", label: _t("Approaching Deadline"), state: "warning" },
    { name: "breached", label: _t("Past Deadline"), state: "danger" },
    { name: "waiting_customer", label: _t("Waiting for the Customer"), state: "info" },
    { name: "solved_today", label: _t("Solved Today"), state: "success" },
    { name: "compliance", label: _t("SLA Kept This Month"), format: formatPercentage },
    {
        name: "first_response",
        label: _t("First Response This Month"),
        format: formatHours,
        hint: _t("Working hours on the average"),
    },
];

function formatPercentage(value) {
    return new Intl.NumberFormat(DateTime.now().locale, {
        style: "percent",
        maximumFractionDigits: 1,
    }).format(value / 100);
}

function formatHours(value) {
    return _t("%s h", formatFloatTime(value, { noLeadingZeroHour: true }));
}

function formatCount(value) {
    return new Intl.NumberFormat(DateTime.now().locale).format(value);
}

/**
 * How the teams stand right now, for a screen on the wall: it refreshes by itself. Everything on it
 * opens the tickets behind it.
 */
export class HelpdeskWall extends Component {
    static template = "helpdesk_sla.HelpdeskWall";
    static components = { BacklogChart, CheckboxItem, Dropdown };
    static props = { ...standardActionServiceProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.clock = useSlaClock();
        this.state = useState({
            data: null,
            teamIds: this.getInitialTeamIds(),
            isFullScreen: Boolean(document.fullscreenElement),
        });
        this.refresh = useRefresh(
            () =>
                this.orm.silent.call("helpdesk.team", "get_wall_data", [], {
                    team_ids: this.state.teamIds,
                }),
            (data) => {
                this.state.data = data;
            }
        );
        // what was chosen is still chosen when one comes back from a ticket
        useSetupAction({ getLocalState: () => ({ teamIds: [...this.state.teamIds] }) });
        useExternalListener(document, "fullscreenchange", () => this.onFullScreenChange());
        onWillUnmount(() => this.leaveFullScreen());
    }

    // === WHAT IS SHOWN === //

    get figures() {
        return FIGURES.map(({ name, label, state, format, hint }) => {
            const { value } = this.state.data.figures[name];
            const text = value === false ? "–" : (format || formatCount)(value);
            return {
                name,
                label: label.toString(),
                hint: hint?.toString(),
                text,
                ariaLabel: _t("%(label)s: %(value)s", {
                    label: label.toString(),
                    value: value === false ? _t("nothing yet") : text,
                }),
                color: state && value ? state : false,
                isFilled: Boolean(value) && ["warning", "danger"].includes(state),
            };
        });
    }

    get panels() {
        return [
            {
                name: "breached",
                title: _t("Past Deadline"),
                figure: "breached",
                empty: _t("Nothing is past its deadline."),
                tickets: this.describeTickets(this.state.data.breached),
            },
            {
                name: "deadlines",
                title: _t("Next Deadlines"),
                figure: "open",
                empty: _t("Nothing is due."),
                tickets: this.describeTickets(this.state.data.deadlines),
            },
        ];
    }

    describeTickets(tickets) {
        return tickets.map((ticket) => ({
            ...ticket,
            stars: Number(ticket.priority),
            details: [ticket.reference, ticket.client, ticket.user || _t("Unassigned")]
                .filter(Boolean)
                .join(" · "),
            promise: describePromise(
                {
                    deadline: deserializeDateTime(ticket.deadline),
                    warningDate: ticket.warning_date && deserializeDateTime(ticket.warning_date),
                    pausedSince: false,
                    result: false,
                },
                this.clock.now
            ),
        }));
    }

    get loadPanels() {
        const { team_loads, agent_loads } = this.state.data;
        return [
            { name: "teams", title: _t("Teams"), loads: team_loads },
            { name: "agents", title: _t("Agents"), loads: agent_loads },
        ].map((panel) => {
            const most = Math.max(1, ...panel.loads.map((load) => load.open));
            return {
                ...panel,
                loads: panel.loads.map((load) => ({
                    ...load,
                    text: formatCount(load.open),
                    parts: [
                        { name: "breached", color: "bg-danger", count: load.breached },
                        { name: "approaching", color: "bg-warning", count: load.approaching },
                        { name: "running", color: "bg-success", count: load.running },
                        { name: "paused", color: "bg-info", count: load.paused },
                        { name: "other", color: "o_helpdesk_wall_other", count: load.other },
                    ]
                        .filter((part) => part.count)
                        .map((part) => ({ ...part, width: (100 * part.count) / most })),
                    ariaLabel: _t(
                        "%(name)s: %(open)s open, %(breached)s of them past the deadline, %(approaching)s approaching it, %(paused)s paused",
                        load
                    ),
                })),
            };
        });
    }

    get teamLabel() {
        const { teams } = this.state.data;
        const chosen = teams.filter(({ id }) => this.state.teamIds.includes(id));
        return chosen.length ? chosen.map(({ name }) => name).join(", ") : _t("All Teams");
    }

    get statusText() {
        const time = this.refresh.updated.toLocaleString(DateTime.TIME_SIMPLE);
        return this.refresh.failures
            ? _t("Not refreshed since %s. Trying again.", time)
            : _t("Updated at %s", time);
    }

    // === TEAMS === //

    getInitialTeamIds() {
        // from where one comes back, else from the address, else as last time on this screen
        const { action, state } = this.props;
        const ids =
            state?.teamIds ??
            action.context?.params?.team_ids ??
            browser.localStorage.getItem(this.storageKey);
        return [ids || []].flat().flatMap((id) =>
            String(id)
                .split(",")
                .map(Number)
                .filter((each) => each)
        );
    }

    get storageKey() {
        return "helpdesk_sla.wall.team_ids";
    }

    chooseTeams(teamIds) {
        this.state.teamIds = teamIds;
        browser.localStorage.setItem(this.storageKey, teamIds.join(","));
        this.props.updateActionState?.({ team_ids: teamIds.join(",") || undefined });
        this.refresh.refresh();
    }

    toggleTeam(teamId) {
        const { teamIds } = this.state;
        this.chooseTeams(
            teamIds.includes(teamId)
                ? teamIds.filter((id) => id !== teamId)
                : [...teamIds, teamId]
        );
    }

    // === OPENING === //

    open(name, resModel, domain) {
        const isTicket = resModel === "helpdesk.ticket";
        return this.action.doAction({
            type: "ir.actions.act_window",
            name,
            res_model: resModel,
            domain,
            views: (isTicket ? ["list", "kanban", "form"] : ["list", "pivot", "graph"]).map(
                (viewType) => [false, viewType]
            ),
        });
    }

    openFigure(name) {
        const { model, domain } = this.state.data.figures[name];
        const { label } = FIGURES.find((figure) => figure.name === name);
        return this.open(label.toString(), model, domain);
    }

    openLoad(load) {
        return this.open(load.name, "helpdesk.ticket", load.domain);
    }

    openTicket(ticketId) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "helpdesk.ticket",
            res_id: ticketId,
            views: [[false, "form"]],
        });
    }

    openBacklog() {
        return this.action.doAction("helpdesk_sla.helpdesk_backlog_report_action");
    }

    // === FULL SCREEN === //

    get canBeFullScreen() {
        return document.fullscreenEnabled;
    }

    toggleFullScreen() {
        if (document.fullscreenElement) {
            document.exitFullscreen();
        } else {
            // the whole page: menus and tooltips are drawn outside of this component
            document.documentElement.requestFullscreen();
        }
    }

    onFullScreenChange() {
        this.state.isFullScreen = Boolean(document.fullscreenElement);
        document.body.classList.toggle(FULL_SCREEN_CLASS, this.state.isFullScreen);
    }

    leaveFullScreen() {
        document.body.classList.remove(FULL_SCREEN_CLASS);
        if (document.fullscreenElement) {
            document.exitFullscreen();
        }
    }
}

registry.category("actions").add("helpdesk_sla_wall", HelpdeskWall);
