import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { Interaction } from "@web/public/interaction";

const DELAY = 300; // milliseconds after the last key
const MINIMUM = 3; // characters

/**
 * Articles that may answer the question, while its subject is typed. The list is an offer: it takes no
 * focus, is reached with Tab, and opens beside the form so that nothing typed is lost.
 */
export class HelpSuggestions extends Interaction {
    static selector = ".o_helpdesk_team_page";
    dynamicContent = {
        ".s_website_form input[name='name']": {
            "t-on-input": this.debounced(this.onInput, DELAY),
        },
    };

    setup() {
        this.keepLast = new KeepLast();
        this.listEl = document.createElement("div");
        this.listEl.className = "o_helpdesk_suggestions o_not_editable";
        this.listEl.setAttribute("role", "status");
    }

    async onInput(ev) {
        const query = ev.target.value.trim();
        const articles =
            query.length < MINIMUM
                ? []
                : await this.waitFor(
                      this.keepLast.add(
                          rpc(
                              "/helpdesk/suggest",
                              { team_id: this.el.dataset.teamId, query },
                              { silent: true }
                          ).catch(() => [])
                      )
                  );
        if (!this.listEl.isConnected) {
            this.insert(this.listEl, ev.target, "afterend");
        }
        this.listEl.replaceChildren();
        if (articles.length) {
            this.renderAt("website_helpdesk_sla.HelpSuggestions", { articles }, this.listEl);
        }
    }
}

registry.category("public.interactions").add("website_helpdesk_sla.suggestions", HelpSuggestions);
