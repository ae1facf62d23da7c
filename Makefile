# Copyright (C) the ngx_pay authors
#
# make deps     install what is missing (tools/setup.sh)
# make          build/module/ngx_http_pay_module.so
# make run      the sandbox, until Ctrl-C
# make test     everything; PARTS="unit nginx" and T=t/NAME.t narrow it
# make unit     the unit tests alone
# make asan     the suites against nginx and module under ASan and UBSan
#
# NGX_SRC=DIR       build against an nginx source tree instead of nginx-dev,
# NGX_FLAGS=...     configured with these flags (nginx -V of the target)
# NGINX_BIN=FILE    the nginx to run and to test with
# EXTRA_CFLAGS=...  added to the compiler's

NGX_SRC      ?= /usr/share/nginx/src
NGX_FLAGS    ?=
NGINX_BIN    ?= /usr/sbin/nginx
EXTRA_CFLAGS ?=
PARTS        ?=

MAKEFLAGS += -j$(shell nproc) --no-print-directory

export NGX_SRC NGX_FLAGS NGINX_BIN EXTRA_CFLAGS

SOURCES := $(wildcard src/*/*.[ch] ngx_pay_module/*.[ch])
CORE    := $(patsubst src/%.c,build/unit/core/%.o,$(wildcard src/*/*.c))
UNIT    := $(patsubst t/unit/%.c,build/unit/%,$(wildcard t/unit/*.c))

UNIT_CC = $(CC) -std=gnu99 -g -O1 -fno-omit-frame-pointer \
          -fsanitize=address,undefined -fno-sanitize-recover=all \
          -W -Wall -Wextra -Wpointer-arith -Werror \
          -Isrc -It/unit -MMD -MP $(EXTRA_CFLAGS)
UNIT_LIBS = -lcrypto -lyajl -lz

.DELETE_ON_ERROR:
.PHONY: all deps run test unit unit-build test-libs test-module asan clean \
        FORCE

all: build/module/Makefile
	@$(MAKE) -s -C $(NGX_SRC) -f $(CURDIR)/$< modules

deps:
	@tools/setup.sh test

run: all
	@tools/run-sandbox.sh

test: all unit-build test-libs test-module
	@tools/suite.sh $(PARTS)

unit: unit-build
	@tools/suite.sh unit

asan: test-libs
	@tools/asan.sh

clean:
	rm -rf build t/servroot* t/interop/node_modules


# nginx's configure runs again when config, the list of files or a setting
# has changed; its Makefile then sees to the rest

build/module/Makefile: config tools/configure.sh build/settings
	@tools/configure.sh build/module

build/settings: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(NGX_SRC)' '$(NGX_FLAGS)' '$(EXTRA_CFLAGS)' \
	    $(SOURCES) > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi


# the core once, as one archive; one program per unit test

unit-build: $(UNIT)

build/unit/%: t/unit/%.c build/unit/libpay.a
	@$(UNIT_CC) -MF $@.d -o $@ $< build/unit/libpay.a $(UNIT_LIBS)

build/unit/libpay.a: $(CORE) build/settings
	@rm -f $@
	@$(AR) rcs $@ $(CORE)

build/unit/core/%.o: src/%.c build/settings
	@mkdir -p $(@D)
	@$(UNIT_CC) -c -o $@ $<

# a module that only the drills load

test-module: build/redis/Makefile
	@$(MAKE) -s -C $(NGX_SRC) -f $(CURDIR)/$< modules

build/redis/Makefile: t/module/redis/config tools/configure.sh build/settings
	@tools/configure.sh build/redis t/module/redis

test-libs:
	@tools/test-libs.sh build/testlibs

-include $(CORE:.o=.d) $(UNIT:=.d)
