import { Composer } from "@mail/core/common/composer";
import { SuggestionService } from "@mail/core/common/suggestion_service";
import { toRaw } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { patch } from "@web/core/utils/patch";
import { SelectCreateDialog } from "@web/views/view_dialogs/select_create_dialog";

const FRESH = 10000; // milliseconds for which the answers to a ticket are not asked for again

function isTicket(thread) {
    return thread?.model === "helpdesk.ticket";
}

/** On a ticket, canned responses are those of its team, with their placeholders filled in. */
patch(SuggestionService.prototype, {
    async fetchSuggestions({ delimiter }, { thread } = {}) {
        if (delimiter === "::" && isTicket(thread)) {
            await this.fetchTicketAnswers(thread.id);
        }
        return super.fetchSuggestions(...arguments);
    },

    searchSuggestions({ delimiter }, { thread } = {}) {
        const result = super.searchSuggestions(...arguments);
        if (delimiter === "::" && isTicket(thread)) {
            // what is not filled in yet is not offered yet
            const answers = this.getTicketAnswers(thread.id);
            result.suggestions = result.suggestions.filter(({ id }) => answers.has(id));
        }
        return result;
    },

    /** @returns {Map<number, string>} the text of each answer by its id */
    getTicketAnswers(ticketId) {
        return this.ticketAnswers?.ticketId === ticketId ? this.ticketAnswers.byId : new Map();
    },

    async fetchTicketAnswers(ticketId) {
        if (
            this.ticketAnswers?.ticketId !== ticketId ||
            Date.now() - this.ticketAnswers.date > FRESH
        ) {
            const answers = await this.orm.silent.call(
                "mail.canned.response",
                "get_helpdesk_answers",
                [ticketId]
            );
            this.ticketAnswers = {
                ticketId,
                date: Date.now(),
                byId: new Map(answers.map(({ id, substitution }) => [id, substitution])),
            };
        }
        return this.ticketAnswers.byId;
    },
});

patch(Composer.prototype, {
    get navigableListProps() {
        const props = super.navigableListProps;
        if (isTicket(this.thread)) {
            const answers = this.env.services["mail.suggestion"].getTicketAnswers(this.thread.id);
            for (const option of props.options ?? []) {
                if (option.cannedResponse && answers.has(option.cannedResponse.id)) {
                    option.label = option.title = answers.get(option.cannedResponse.id);
                }
            }
        }
        return props;
    },

    /** What is inserted here still counts when the answer is finished in the full composer. */
    get fullComposerAdditionalContext() {
        const context = super.fullComposerAdditionalContext;
        return isTicket(this.thread)
            ? {
                  ...context,
                  helpdesk_answer_ids: this.keptTicketAnswerIds,
              }
            : context;
    },

    get postData() {
        const postData = super.postData;
        if (isTicket(this.thread)) {
            postData.cannedResponseIds = this.keptTicketAnswerIds;
        }
        return postData;
    },

    /** The answers of which a line is still there: one that was deleted again moves nothing. */
    get keptTicketAnswerIds() {
        const { cannedResponses, composerText } = this.props.composer;
        const answers = this.env.services["mail.suggestion"].getTicketAnswers(this.thread.id);
        return cannedResponses
            .map(({ id }) => id)
            .filter((id) =>
                (answers.get(id) ?? "")
                    .split("\n")
                    .map((line) => line.trim())
                    .some((line) => line && composerText.includes(line))
            );
    },

    /** On a ticket the button opens a list to search in, rather than the first few. */
    onClickInsertCannedResponse(ev) {
        if (!isTicket(this.thread)) {
            return super.onClickInsertCannedResponse(ev);
        }
        this.openTicketAnswers(this.thread.id);
    },

    async openTicketAnswers(ticketId) {
        const answers = await this.env.services["mail.suggestion"].fetchTicketAnswers(ticketId);
        this.env.services.dialog.add(SelectCreateDialog, {
            resModel: "mail.canned.response",
            title: _t("Insert an Answer"),
            noCreate: true,
            multiSelect: false,
            domain: [["id", "in", [...answers.keys()]]],
            context: { list_view_ref: "helpdesk_sla.mail_canned_response_view_list_pick" },
            onSelected: ([id]) => this.insertTicketAnswer(id, answers.get(id)),
        });
    },

    insertTicketAnswer(id, text) {
        const composer = toRaw(this.props.composer);
        composer.cannedResponses.push(this.store["mail.canned.response"].insert({ id }));
        if (this.editor) {
            this.editor.shared.selection.focusEditable();
            this.editor.shared.dom.insert(text);
            this.editor.shared.history.addStep();
        } else {
            this.props.composer.insertText(text, composer.selection.start);
        }
        this.props.composer.autofocus++;
    },
});
