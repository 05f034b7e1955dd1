"""The farm as Scrapy crawls it, with the settings its documentation gives for broad crawls; the items are the pages' titles."""
import scrapy
from scrapy.linkextractors import LinkExtractor
from scrapy.spiders import CrawlSpider, Rule


class Farm(CrawlSpider):
    name = "farm"
    custom_settings = {
        "ROBOTSTXT_OBEY": True, "CONCURRENT_REQUESTS": 128, "CONCURRENT_REQUESTS_PER_DOMAIN": 1, "DOWNLOAD_DELAY": 0, "COOKIES_ENABLED": False,
        "RETRY_ENABLED": False, "REDIRECT_ENABLED": False, "REACTOR_THREADPOOL_MAXSIZE": 20, "LOG_LEVEL": "WARNING", "TELNETCONSOLE_ENABLED": False,
        "SCHEDULER_PRIORITY_QUEUE": "scrapy.pqueues.DownloaderAwarePriorityQueue", "DEPTH_PRIORITY": 1,
    }
    rules = [Rule(LinkExtractor(allow_domains=["banc.test"], deny_extensions=[]), callback="parse_page", follow=True)]

    def __init__(self, seeds, pages, **kw):
        super().__init__(**kw)
        self.start_urls = open(seeds).read().split()

    @classmethod
    def from_crawler(cls, crawler, *args, **kw):
        crawler.settings.set("CLOSESPIDER_PAGECOUNT", int(kw["pages"]), priority="spider")
        return super().from_crawler(crawler, *args, **kw)

    def parse_page(self, response):
        if isinstance(response, scrapy.http.HtmlResponse):
            yield {"title": response.css("title::text").get()}
