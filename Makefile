# SPDX-License-Identifier: EUPL-1.2
# The interface for people. `make` lists what there is.

GO      ?= $(shell command -v go || echo /usr/local/go/bin/go)
DATA    ?= data
SAMSYN  := bin/samsyn
SCREENS := tools/e2e/screens
# The revision is written into the binary, unless git will not tell (no repository, or another user's).
STAMP   := -buildvcs=$(shell git status >/dev/null 2>&1 && echo true || echo false)
# The race detector needs a C compiler; tests without it are better than none.
RACE    := $(shell command -v cc >/dev/null 2>&1 && echo -race)
TEST    := $(GO) test $(RACE) -shuffle=on -timeout 30m
FILES    = $(shell git ls-files --cached --others --exclude-standard '*.go')

.DEFAULT_GOAL := help
.PHONY: help run up demo test test-long e2e screenshots check lint fmt bench build need need-browser clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## start everything with the demo, print what it found, stay up until Ctrl-C
	$(SAMSYN) demo --data $(DATA)

up: build ## start everything without the demo
	$(SAMSYN) up --data $(DATA)

demo: build ## load and replay the demo once, as JSON, and end
	$(SAMSYN) demo --exit --output json --data $(DATA)

test: need need-browser ## run the tests, those in a browser too (about ten minutes cold on two cores)
	$(TEST) ./...

test-long: need need-browser ## run the tests and those that take hours
	$(TEST) -timeout 4h -tags long ./...

e2e: need need-browser ## run the tests in a browser alone (E2E="report.spec.js -g keys" for some)
	SAMSYN_E2E='$(E2E)' $(GO) test -count=1 -timeout 10m -v -run TestInTheBrowser ./cmd/samsyn

screenshots: need need-browser ## photograph every screen and state that those tests reach, at three widths
	@rm -rf $(SCREENS)
	SAMSYN_SCREENSHOTS=$(CURDIR)/$(SCREENS) $(GO) test -count=1 -timeout 10m -run TestInTheBrowser ./cmd/samsyn
	@echo "$$(find $(SCREENS) -name '*.png' | wc -l) pictures in $(SCREENS)/{phone,small,laptop}"

check: fmt-check lint deadcode ## everything a machine can say without running the program

lint: bin/tools/golangci-lint ## run the linters of .golangci.yml
	bin/tools/golangci-lint run ./...

.PHONY: fmt-check deadcode
fmt-check: bin/tools/gofumpt
	@out="$$(bin/tools/gofumpt -modpath samsyn -l $(FILES))"; \
	  if [ -n "$$out" ]; then echo "not formatted (make fmt):"; echo "$$out"; exit 1; fi

deadcode: bin/tools/deadcode
	@out="$$(bin/tools/deadcode -test ./...)"; \
	  if [ -n "$$out" ]; then echo "never called:"; echo "$$out"; exit 1; fi

fmt: bin/tools/gofumpt ## format every Go file
	bin/tools/gofumpt -modpath samsyn -w $(FILES)

bench: build need ## measure the pipeline and the latency, as JSON
	$(SAMSYN) bench pipeline --events 200000 --output json
	$(SAMSYN) bench latency --output json

build: need ## build bin/samsyn, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath $(STAMP) -o $(SAMSYN) ./cmd/samsyn

need: ## find Go and PostgreSQL, or install or name what is missing
	@GO="$(GO)" sh tools/need

need-browser:
	@sh tools/e2e/need

clean: ## remove what was built; data stays
	rm -rf bin coverage tools/e2e/node_modules $(SCREENS)

# The linters have two hundred requirements, which are kept out of go.mod. Built once, cached.
bin/tools/golangci-lint bin/tools/gofumpt bin/tools/deadcode &: tools/go.mod tools/go.sum
	$(GO) build -C tools -o ../bin/tools/ github.com/golangci/golangci-lint/v2/cmd/golangci-lint mvdan.cc/gofumpt golang.org/x/tools/cmd/deadcode
